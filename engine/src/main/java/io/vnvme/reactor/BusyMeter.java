package io.vnvme.reactor;

/** What a reactor did with its time. Written by the reactor, read by anyone: readers may see a value one pass old. */
public final class BusyMeter {
    private volatile long busyPasses;
    private volatile long emptyPasses;
    private volatile long sleepNs;

    private long busy;
    private long empty;
    private long asleepNs;

    void pass(int work) {
        if (work > 0) {
            busy++;
        } else {
            empty++;
        }
        // Volatile stores would cost more than an empty pass: publish now and then.
        if (((busy + empty) & 0xfff) == 0) {
            publish();
        }
    }

    void slept(long durationNs) {
        asleepNs += durationNs;
        publish();
    }

    private void publish() {
        busyPasses = busy;
        emptyPasses = empty;
        sleepNs = asleepNs;
    }

    public long busyPasses() {
        return busyPasses;
    }

    public long emptyPasses() {
        return emptyPasses;
    }

    /** Time asleep, in nanoseconds. */
    public long sleepNs() {
        return sleepNs;
    }
}
