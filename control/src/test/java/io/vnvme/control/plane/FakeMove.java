package io.vnvme.control.plane;

import java.time.Duration;
import java.util.Optional;

/** All is copied as soon as it is asked for, unless it fails. */
final class FakeMove implements VolumeMove {
    private final FakeDataPlane plane;

    FakeMove(FakeDataPlane plane) {
        this.plane = plane;
    }

    @Override
    public Optional<String> failure() {
        return plane.failing.equals("copy") ? Optional.of("its drive fails in this test") : Optional.empty();
    }

    @Override
    public State state() {
        return new State(2, 65536, 0, 1 << 20, false, 1_000_000);
    }

    @Override
    public boolean ready() {
        return !plane.copying;
    }

    @Override
    public boolean switchOver(Duration limit, Runnable commit) {
        plane.mayFail("switchOver");
        if (plane.vain.get() > 0) {
            plane.vain.decrementAndGet();
            return false;
        }
        commit.run();
        plane.mayFail("switched");
        return true;
    }

    @Override
    public void cancel() {}

    @Override
    public void close() {}
}
