package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.UpgradeInfo;
import io.vnvme.handover.HolderClient;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** The daemon is replaced by the program that is installed now, while guests use their drives. */
final class Upgrades {
    /** Until who asked has the answer: it is on its way through this process. */
    private static final long ANSWER_MS = 200;

    private final String version;
    private final Succession succession;
    private final Runnable settle;
    private final AtomicBoolean underWay = new AtomicBoolean();

    /** @param settle makes durable what another process would have to work through first */
    Upgrades(String version, Succession succession, Runnable settle) {
        this.version = version;
        this.succession = succession;
        this.settle = settle;
    }

    /** Says what became of an upgrade that this process serves in consequence of. */
    static void tell(EventLog events, String version, Optional<String> why) {
        why.ifPresent(text -> {
            if (text.equals(HolderClient.UPGRADED)) {
                events.add(EventKind.UPGRADED, "daemon", "version " + version + " serves");
            } else {
                events.add(EventKind.UPGRADE_FAILED, "daemon", text);
            }
        });
    }

    /** Returns when the successor stands by; this process ends right after. */
    UpgradeInfo upgrade() {
        if (!underWay.compareAndSet(false, true)) {
            throw new ProblemException(ProblemCode.UPGRADE_REFUSED, "an upgrade is under way: wait for it to end");
        }
        boolean goes = false;
        try {
            Optional<String> refusal = succession.prepare();
            if (refusal.isPresent()) {
                throw new ProblemException(
                        ProblemCode.UPGRADE_REFUSED,
                        "the new daemon cannot take over: %s; this one goes on".formatted(refusal.get()));
            }
            goes = true;
        } finally {
            underWay.set(goes);
        }
        Thread.ofPlatform().name("upgrade").start(this::go);
        return new UpgradeInfo(
                version, ProcessHandle.current().pid(), "the new daemon stands by, and takes over in a moment");
    }

    private void go() {
        try {
            Thread.sleep(ANSWER_MS);
            settle.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            succession.go();
        }
    }
}
