package io.vnvme.nvme;

import io.vnvme.reactor.Poller;

/** The Keep Alive Timer (NVM Express Base 2.0, 3.9): command based, with traffic counting as a sign of life. */
final class KeepAlive {
    private long timeoutNs;
    private long deadlineNs = Long.MAX_VALUE;
    private boolean restart;

    /** @param timeoutMs KATO; 0 stops the timer */
    void timeout(int timeoutMs) {
        timeoutNs = (timeoutMs & 0xffff_ffffL) * 1_000_000;
        restart = true;
    }

    /** A Keep Alive command came. */
    void alive() {
        restart = true;
    }

    boolean expired(long nowNs, boolean traffic) {
        if (timeoutNs == 0) {
            return false;
        }
        if (restart || traffic) {
            restart = false;
            deadlineNs = nowNs + timeoutNs;
            return false;
        }
        return nowNs - deadlineNs >= 0;
    }

    /** How long until it may expire, in nanoseconds. */
    long remainingNs(long nowNs) {
        if (timeoutNs == 0) {
            return Poller.UNLIMITED;
        }
        return restart ? 0 : Math.max(0, deadlineNs - nowNs);
    }

    void stop() {
        timeoutNs = 0;
    }
}
