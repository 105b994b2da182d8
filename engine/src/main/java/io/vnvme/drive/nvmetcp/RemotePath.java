package io.vnvme.drive.nvmetcp;

import io.vnvme.crypto.CryptoException;
import io.vnvme.os.NativeException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** One way to a namespace: an association with a controller at its portal, or the wait for the next try to get one. */
final class RemotePath {
    private static final long BACK_OFF_MIN_NS = 100_000_000L;
    private static final long BACK_OFF_MAX_NS = 5_000_000_000L;
    /** A path that is lost again sooner was not really there: the next try comes later, as after one that failed. */
    private static final long SETTLED_NS = 1_000_000_000L;

    private final RemoteDrive drive;
    private final Portal portal;
    private final RandomGenerator random;
    private final QueuePairMemory memory = QueuePairMemory.create();
    private final TlsChoice tls;
    private @Nullable RemoteAssociation association;
    /** Tries that failed one after the other. */
    private int failures;

    private boolean tried;
    private long nextTryNs = Long.MIN_VALUE;
    private long liveSinceNs;
    private long nowNs;
    private long losses;
    private String trouble = "";

    RemotePath(RemoteDrive drive, Portal portal, RandomGenerator random) {
        this.drive = drive;
        this.portal = portal;
        this.random = random;
        tls = new TlsChoice(drive.namespace());
    }

    Portal portal() {
        return portal;
    }

    TlsChoice tls() {
        return tls;
    }

    /** Where commands go; null while there is none. */
    @Nullable
    IoQueue queue() {
        RemoteAssociation current = association;
        return current == null ? null : current.io();
    }

    /** The lower, the better; only of a path that has a {@link #queue}. */
    int rank() {
        RemoteAssociation current = association;
        return current == null ? Integer.MAX_VALUE : current.ana().rank();
    }

    /** Whether a first try to reach it has ended, under each identity that it can be reached. */
    boolean tried() {
        return tried || queue() != null;
    }

    String trouble() {
        return trouble;
    }

    PathView view() {
        RemoteAssociation current = association;
        if (current != null && current.isLive()) {
            return new PathView(portal.text(), "live", current.ana().text(), current.controllerId(), losses, "");
        }
        String state = failures > 0 || losses > 0 ? "lost" : "connecting";
        return new PathView(portal.text(), state, "", -1, losses, trouble);
    }

    int poll(long passNs) {
        nowNs = passNs;
        RemoteAssociation current = association;
        if (current != null) {
            return current.poll(passNs);
        }
        if (passNs < nextTryNs) {
            return 0;
        }
        try {
            association = new RemoteAssociation(this, drive, memory, passNs);
        } catch (NativeException | RemoteException | CryptoException e) {
            failed(String.valueOf(e.getMessage()));
        }
        return 1;
    }

    void flush() {
        RemoteAssociation current = association;
        if (current != null) {
            current.flush();
        }
    }

    long sleepNs(long atNs) {
        RemoteAssociation current = association;
        return current == null ? Math.max(0, nextTryNs - atNs) : current.sleepNs(atNs);
    }

    /** Commands can be sent. */
    void live() {
        liveSinceNs = nowNs;
        tried = true;
        trouble = "";
        drive.pathsChanged();
    }

    void changed() {
        drive.pathsChanged();
    }

    /** The association has ended: what it had to do goes back to the drive. */
    void lost(String why) {
        RemoteAssociation gone = association;
        if (gone == null) {
            return;
        }
        association = null;
        boolean wasLive = gone.isLive();
        List<RemoteCommand> outstanding = new ArrayList<>();
        gone.end(outstanding);
        losses += wasLive ? 1 : 0;
        if (wasLive && nowNs - liveSinceNs >= SETTLED_NS) {
            failures = 0;
            trouble = why;
            nextTryNs = nowNs;
        } else {
            failed(why);
        }
        drive.orphaned(outstanding, nowNs + gone.fenceNs());
        drive.pathsChanged();
    }

    /** The next try comes later each time, and not when everybody else's does. */
    private void failed(String why) {
        trouble = why;
        long backOffNs = Math.min(BACK_OFF_MAX_NS, BACK_OFF_MIN_NS << Math.min(failures, 10));
        failures++;
        tried |= !tls.another();
        nextTryNs = nowNs + backOffNs / 2 + random.nextLong(backOffNs / 2);
        drive.pathsChanged();
    }

    void close() {
        RemoteAssociation current = association;
        if (current != null) {
            association = null;
            current.leave();
        }
        memory.close();
        tls.close();
    }
}
