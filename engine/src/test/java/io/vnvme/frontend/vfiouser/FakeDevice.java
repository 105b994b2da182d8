package io.vnvme.frontend.vfiouser;

import io.vnvme.os.Fd;
import io.vnvme.os.Memfd;
import io.vnvme.reactor.Poller;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A controller that only remembers what was done to it. */
final class FakeDevice implements Device {
    final List<String> calls = new ArrayList<>();
    private final Fd state = Memfd.create("fake-controller", 4096);
    /** What ends the process when a register was written. */
    @Nullable
    Error killedBy;

    boolean pending;
    boolean quiescent = true;

    @Override
    public int readRegister(int offset) {
        return 0x1000_0000 + offset;
    }

    @Override
    public void writeRegister(int offset, int value) {
        calls.add("write %x %x".formatted(offset, value));
        if (killedBy != null) {
            throw killedBy;
        }
    }

    @Override
    public boolean interruptPending() {
        return pending;
    }

    @Override
    public void busMaster(boolean enabled) {
        calls.add("bus master " + enabled);
    }

    @Override
    public void reset() {
        calls.add("reset");
    }

    @Override
    public int poll(long nowNs) {
        return 0;
    }

    @Override
    public long prepareSleep(long nowNs) {
        return Poller.UNLIMITED;
    }

    @Override
    public void trapDoorbells() {
        calls.add("trap doorbells");
    }

    @Override
    public boolean rungByWrites() {
        return false;
    }

    @Override
    public boolean quiescent() {
        return quiescent;
    }

    @Override
    public Fd state() {
        return state;
    }

    @Override
    public void resume() {
        calls.add("resume");
    }

    @Override
    public void close() {
        calls.add("close");
    }
}
