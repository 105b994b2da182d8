package io.vnvme.control.plane;

import io.vnvme.pool.mirror.MirrorListener;
import java.util.UUID;
import java.util.function.IntFunction;

/** Hands on what an engine's pool tells, as events. On the reactor: told elsewhere, since keeping an event writes a file. */
final class EnginePoolListener implements io.vnvme.pool.PoolListener {
    private static final int ERROR_PERCENT = 95;

    private final String pool;
    private final PoolListener listener;

    EnginePoolListener(String pool, PoolListener listener) {
        this.pool = pool;
        this.listener = listener;
    }

    /**
     * What a mirror of the pool tells.
     *
     * @param drives identities by slot, which change when one is replaced
     */
    MirrorListener mirror(IntFunction<UUID> drives) {
        return new MirrorListener() {
            @Override
            public void replicaFailed(int slot, int status) {
                UUID drive = drives.apply(slot);
                Thread.ofVirtual().start(() -> listener.replica(drive, true));
            }

            @Override
            public void replicaCurrent(int slot) {
                UUID drive = drives.apply(slot);
                Thread.ofVirtual().start(() -> listener.replica(drive, false));
            }

            @Override
            public void rebuildFailed(int slot, long offsetBytes, long lengthBytes) {
                tell(
                        "error",
                        "rebuild-failed",
                        "pool %s: a drive of a mirror cannot be filled: no other can read %d bytes at %d"
                                .formatted(pool, lengthBytes, offsetBytes));
            }

            @Override
            public void repaired(int slot, long offsetBytes, long lengthBytes) {
                tell(
                        "warning",
                        "mirror-repaired",
                        "pool %s: %d bytes at %d of a mirror were repaired from another drive"
                                .formatted(pool, lengthBytes, offsetBytes));
            }

            @Override
            public void stopped() {
                tell("error", "mirror-stopped", "pool %s: the records of a mirror cannot be written".formatted(pool));
            }
        };
    }

    private void tell(String severity, String kind, String text) {
        Thread.ofVirtual().start(() -> listener.event(new PoolListener.Event(severity, kind, "", text)));
    }

    @Override
    public void stopped(String why) {
        tell("error", "pool-stopped", "pool %s takes no more writes: %s".formatted(pool, why));
    }

    @Override
    public void filled(int percent, boolean above) {
        if (above) {
            tell(
                    percent >= ERROR_PERCENT ? "error" : "warning",
                    "pool-full",
                    "pool %s is %d %% full: grow it or remove something".formatted(pool, percent));
        } else {
            tell("info", "pool-room", "pool %s is less than %d %% full again".formatted(pool, percent));
        }
    }

    @Override
    public void held(int count) {
        if (count > 0) {
            tell(
                    "error",
                    "writes-held",
                    "pool %s has no space: writes wait until it is grown or something is removed".formatted(pool));
        } else {
            tell("info", "writes-resumed", "pool %s has space again: writes go on".formatted(pool));
        }
    }
}
