package io.vnvme.testkit.powercut;

import io.vnvme.pool.PoolListener;
import io.vnvme.pool.mirror.MirrorListener;

/** Listeners that let nothing pass that should not happen. */
final class StrictListeners {
    private StrictListeners() {}

    static final class OfPool implements PoolListener {
        @Override
        public void stopped(String why) {
            throw new AssertionError("the pool stopped itself: " + why);
        }

        @Override
        public void filled(int percent, boolean above) {}

        @Override
        public void held(int count) {}
    }

    static final class OfMirror implements MirrorListener {
        @Override
        public void replicaFailed(int slot, int status) {}

        @Override
        public void replicaCurrent(int slot) {}

        @Override
        public void rebuildFailed(int slot, long offsetBytes, long lengthBytes) {
            throw new AssertionError("the rebuild of replica %d failed at %d".formatted(slot, offsetBytes));
        }

        @Override
        public void repaired(int slot, long offsetBytes, long lengthBytes) {}

        @Override
        public void stopped() {
            throw new AssertionError("the mirror stopped itself");
        }
    }
}
