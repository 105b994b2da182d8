package io.vnvme.control.plane;

import java.time.Duration;
import java.util.Optional;

/** All is copied at once, unless it fails; each is noted with what becomes of it. */
final class FakeMirror implements VolumeMirror {
    private final FakeDataPlane plane;
    private final String name;

    FakeMirror(FakeDataPlane plane, String name) {
        this.plane = plane;
        this.name = name;
        plane.mirrors.put(name, "copying");
    }

    @Override
    public VolumeMove.State state() {
        return new VolumeMove.State(2, 65536, 0, 1 << 20, false, 1_000_000);
    }

    @Override
    public Optional<String> failure() {
        return plane.failing.equals("copy") ? Optional.of("its target fails in this test") : Optional.empty();
    }

    @Override
    public boolean ready() {
        return !plane.copying;
    }

    @Override
    public boolean freeze(Duration limit) {
        plane.mayFail("freeze");
        if (plane.vain.get() > 0) {
            plane.vain.decrementAndGet();
            return false;
        }
        plane.mirrors.put(name, "frozen");
        return true;
    }

    @Override
    public void thaw() {
        plane.mirrors.put(name, "copying");
    }

    @Override
    public byte[] reservations() {
        return new byte[] {0};
    }

    @Override
    public void close() {
        plane.mirrors.put(name, "closed");
    }
}
