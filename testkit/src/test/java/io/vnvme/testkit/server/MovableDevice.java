package io.vnvme.testkit.server;

import io.vnvme.os.EventFd;
import io.vnvme.os.Mapping;
import io.vnvme.testkit.client.VfioUserClient;
import io.vnvme.testkit.client.Wire;
import io.vnvme.testkit.driver.Device;
import io.vnvme.testkit.ram.GuestRam;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The device of a guest that goes from one endpoint to another: what the monitor at each end does, in one place. */
final class MovableDevice implements Device {
    private static final int VECTORS = 8;
    private static final int COMMAND_REGISTER = 4;

    private final GuestRam ram;
    private final Reach reach;
    private final int kind;
    private final List<EventFd> vectors =
            Stream.generate(EventFd::create).limit(VECTORS).toList();
    private VfioUserClient client;
    private @Nullable Mapping doorbells;

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
        client = connect(socket);
        doorbells = reach == Reach.MAPPED ? client.mapArea(Wire.REGION_BAR0) : null;
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
        return client;
    }

    /** Another client, at the destination, with the same memory and eventfds; the guest does not see it yet. */
    VfioUserClient destination(Path socket) {
        return connect(socket);
    }

    /** From now on the guest's device is there. */
    void reached(VfioUserClient destination) {
        client.close();
        Mapping old = doorbells;
        if (old != null) {
            old.close();
        }
        client = destination;
        doorbells = reach == Reach.MAPPED ? client.mapArea(Wire.REGION_BAR0) : null;
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
        return Wire.body(Long.BYTES)
                .put(client.regionRead(Wire.REGION_BAR0, offset, sizeBytes))
                .getLong(0);
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        client.regionWrite(Wire.REGION_BAR0, offset, bytes(sizeBytes, value));
    }

    private static byte[] bytes(int sizeBytes, long value) {
        byte[] bytes = new byte[sizeBytes];
        ByteBuffer all = Wire.body(Long.BYTES).putLong(value);
        all.get(0, bytes);
        return bytes;
    }

    @Override
    public @Nullable MemorySegment doorbells() {
        Mapping page = doorbells;
        return page == null ? null : page.segment();
    }

    @Override
    public void turn() {
        Thread.onSpinWait();
    }

    @Override
    public long interrupts(int vector) {
        return vectors.get(vector).drain();
    }

    @Override
    public void busMaster(boolean enabled) {
        client.regionWrite(Wire.REGION_CONFIG, COMMAND_REGISTER, bytes(Short.BYTES, enabled ? 6 : 2));
    }

    @Override
    public void reset() {
        client.reset();
    }

    @Override
    public void mapRegion(int index) {
        client.mapRegion(ram, index);
    }

    @Override
    public void unmapRegion(int index) {
        client.dmaUnmap(ram.regionIova(index), ram.layout().regionBytes());
    }

    @Override
    public void close() {
        client.close();
        Mapping page = doorbells;
        if (page != null) {
            page.close();
        }
        vectors.forEach(EventFd::close);
        ram.close();
    }
}
