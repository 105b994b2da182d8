package io.vnvme.control.plane;

import io.vnvme.control.model.EventKind;
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
                        EventKind.REBUILD_FAILED,
                        "pool %s: a drive of a mirror cannot be filled: no other can read %d bytes at %d"
                                .formatted(pool, lengthBytes, offsetBytes));
            }

            @Override
            public void repaired(int slot, long offsetBytes, long lengthBytes) {
                tell(
                        EventKind.MIRROR_REPAIRED,
                        "pool %s: %d bytes at %d of a mirror were repaired from another drive"
                                .formatted(pool, lengthBytes, offsetBytes));
            }

            @Override
            public void stopped() {
                tell(EventKind.MIRROR_STOPPED, "pool %s: the records of a mirror cannot be written".formatted(pool));
            }
        };
    }

    private void tell(EventKind kind, String text) {
        Thread.ofVirtual().start(() -> listener.event(new PoolListener.Event(kind, "", text)));
    }

    @Override
    public void stopped(String why) {
        tell(EventKind.POOL_STOPPED, "pool %s takes no more writes: %s".formatted(pool, why));
    }

    @Override
    public void filled(int percent, boolean above) {
        if (above) {
            tell(
                    percent >= ERROR_PERCENT ? EventKind.POOL_FULL : EventKind.POOL_FILLING,
                    "pool %s is %d %% full: grow it or remove something".formatted(pool, percent));
        } else {
            tell(EventKind.POOL_ROOM, "pool %s is less than %d %% full again".formatted(pool, percent));
        }
    }

    @Override
    public void held(int count) {
        if (count > 0) {
            tell(
                    EventKind.WRITES_HELD,
                    "pool %s has no space: writes wait until it is grown or something is removed".formatted(pool));
        } else {
            tell(EventKind.WRITES_RESUMED, "pool %s has space again: writes go on".formatted(pool));
        }
    }
}
