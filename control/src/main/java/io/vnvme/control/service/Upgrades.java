package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.UpgradeInfo;
import io.vnvme.control.plane.PlatformThread;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** The daemon is replaced by the program that is installed now, while guests use their drives. */
final class Upgrades {
    /** Until who asked has the answer: it is on its way through this process. */
    private static final long ANSWER_MS = 200;

    private static final String DAEMON = "daemon";

    private final String version;
    private final Succession succession;
    private final Supplier<Optional<String>> hindrance;
    private final EventLog events;
    private final AtomicBoolean underWay = new AtomicBoolean();

    /** @param hindrance what no other process could go on with, if guests have such */
    Upgrades(String version, Succession succession, Supplier<Optional<String>> hindrance, EventLog events) {
        this.version = version;
        this.succession = succession;
        this.hindrance = hindrance;
        this.events = events;
    }

    /** This process serves in consequence of an upgrade. */
    void upgraded() {
        events.add(EventKind.UPGRADED, DAEMON, "version " + version + " serves");
    }

    /** This process serves, or goes on to, since another could not. */
    void failed(String why) {
        events.add(EventKind.UPGRADE_FAILED, DAEMON, why);
    }

    /** Returns when the successor stands by; this process ends right after. */
    UpgradeInfo upgrade() {
        if (!underWay.compareAndSet(false, true)) {
            throw new ProblemException(ProblemCode.UPGRADE_REFUSED, "an upgrade is under way: wait for it to end");
        }
        boolean goes = false;
        try {
            prepare();
            goes = true;
        } finally {
            underWay.set(goes);
        }
        Thread.ofPlatform().name("upgrade").start(this::go);
        return new UpgradeInfo(
                version, ProcessHandle.current().pid(), "the new daemon stands by, and takes over in a moment");
    }

    private void prepare() {
        // It would be taken for a failure of the new one.
        hindrance.get().ifPresent(why -> {
            throw new ProblemException(ProblemCode.UPGRADE_REFUSED, why);
        });
        // It waits in a native call for as long as a daemon needs to start.
        PlatformThread.call("upgrade", succession::prepare).ifPresent(refusal -> {
            throw new ProblemException(
                    ProblemCode.UPGRADE_REFUSED,
                    "the new daemon cannot take over: %s; this one goes on".formatted(refusal));
        });
    }

    private void go() {
        try {
            Thread.sleep(ANSWER_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        String why;
        try {
            why = succession.go();
        } catch (RuntimeException e) {
            why = String.valueOf(e.getMessage());
        }
        underWay.set(false);
        failed("this daemon goes on: " + why);
    }
}
