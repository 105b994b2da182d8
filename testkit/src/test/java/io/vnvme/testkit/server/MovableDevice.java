package io.vnvme.testkit.server;

import io.vnvme.os.EventFd;
import io.vnvme.os.Mapping;
import io.vnvme.testkit.client.VfioUserClient;
import io.vnvme.testkit.client.Wire;
import io.vnvme.testkit.driver.Device;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.GuestRam;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The device of a guest that goes from one endpoint to another: what the monitor at each end does, in one place. */
final class MovableDevice implements Device {
    private static final int VECTORS = 8;

    private final GuestRam ram;
    private final Reach reach;
    private final int kind;
    private final List<EventFd> vectors =
            Stream.generate(EventFd::create).limit(VECTORS).toList();
    private SocketDevice there;

    /** How the device reaches its guest, and the guest its doorbells. */
    enum Reach {
        /** Memory and doorbells are shared. */
        MAPPED,
        /** Memory is shared. */
        TRAPPED,
        /** Nothing is: all goes by messages. */
        MESSAGES
    }

    /** @param kind of interrupts that the guest uses */
    MovableDevice(Path socket, GuestRam ram, Reach reach, int kind) {
        this.ram = ram;
        this.reach = reach;
        this.kind = kind;
        there = over(connect(socket));
    }

    private VfioUserClient connect(Path socket) {
        VfioUserClient connected =
                reach == Reach.MAPPED ? VfioUserClient.openPolled(socket) : VfioUserClient.open(socket);
        if (reach == Reach.MESSAGES) {
            connected.mapByMessages(ram);
        } else {
            connected.map(ram);
        }
        connected.setEventFds(kind, 0, kind == Wire.IRQ_INTX ? vectors.subList(0, 1) : vectors);
        return connected;
    }

    VfioUserClient client() {
        return there.client();
    }

    /** Another client, at the destination, with the same memory and eventfds; the guest does not see it yet. */
    VfioUserClient destination(Path socket) {
        return connect(socket);
    }

    /** From now on the guest's device is there. */
    void reached(VfioUserClient destination) {
        there.leave();
        there = over(destination);
    }

    private SocketDevice over(VfioUserClient client) {
        Mapping doorbells = reach == Reach.MAPPED ? client.mapArea(Wire.REGION_BAR0) : null;
        return SocketDevice.over(client, ram, doorbells, vectors);
    }

    void forgetInterrupts() {
        vectors.forEach(EventFd::drain);
    }

    /** Whether an interrupt has come on any vector. */
    boolean interrupted() {
        return vectors.stream().anyMatch(vector -> vector.drain() > 0);
    }

    @Override
    public GuestRam ram() {
        return ram;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        return there.read(offset, sizeBytes);
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        there.write(offset, sizeBytes, value);
    }

    @Override
    public @Nullable MemorySegment doorbells() {
        return there.doorbells();
    }

    @Override
    public void turn() {
        there.turn();
    }

    @Override
    public long interrupts(int vector) {
        return there.interrupts(vector);
    }

    @Override
    public void busMaster(boolean enabled) {
        there.busMaster(enabled);
    }

    @Override
    public void reset() {
        there.reset();
    }

    @Override
    public void mapRegion(int index) {
        there.mapRegion(index);
    }

    @Override
    public void unmapRegion(int index) {
        there.unmapRegion(index);
    }

    @Override
    public void close() {
        there.close();
    }
}
