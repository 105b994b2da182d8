package io.vnvme.control.plane;

import java.util.List;
import java.util.UUID;

/** Pools of an engine, each of one drive, to which nothing happens by itself. */
final class EnginePools {
    private static final PoolListener NOTHING_HAPPENS = new PoolListener() {
        @Override
        public void event(Event event) {
            throw new IllegalStateException(event.text());
        }

        @Override
        public void replica(UUID id, boolean stale) {
            throw new IllegalStateException("there is no mirror");
        }
    };

    private EnginePools() {}

    static OpenPool create(EngineDataPlane plane, String name, DriveSource source) {
        return create(plane, name, source, NOTHING_HAPPENS);
    }

    static OpenPool create(EngineDataPlane plane, String name, DriveSource source, PoolListener listener) {
        UUID drive = UUID.randomUUID();
        plane.claim(source, drive, "drive-" + name, false);
        return plane.createPool(
                new PoolPlan(UUID.randomUUID(), name, PoolPlan.CONCAT, List.of(List.of(drive))), listener);
    }
}
