package io.vnvme.testkit.driver;

import io.vnvme.os.EventFd;
import io.vnvme.os.Mapping;
import io.vnvme.testkit.client.VfioUserClient;
import io.vnvme.testkit.client.Wire;
import io.vnvme.testkit.ram.GuestRam;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A device behind a vfio-user socket. */
public final class SocketDevice implements Device {
    private static final int COMMAND_REGISTER = 4;
    private static final int MEMORY_SPACE = 2;
    private static final int BUS_MASTER = 4;
    private static final int VECTORS_A_MESSAGE = 16;

    private final VfioUserClient client;
    private final GuestRam ram;
    private final @Nullable Mapping doorbells;
    private final List<EventFd> vectors;
    /** Writes to BAR0 are not answered: QEMU wants it so where nothing of a region is mapped. */
    private final boolean posts;

    private SocketDevice(
            VfioUserClient client, GuestRam ram, @Nullable Mapping doorbells, List<EventFd> vectors, boolean posts) {
        this.client = client;
        this.ram = ram;
        this.doorbells = doorbells;
        this.vectors = vectors;
        this.posts = posts;
    }

    /** Connects as a user-space driver does: doorbells mapped, memory shared, {@code vectorCount} MSI-X vectors. */
    public static SocketDevice open(Path socket, RamLayout layout, int vectorCount) {
        VfioUserClient client = VfioUserClient.openPolled(socket);
        GuestRam ram = GuestRam.create(layout);
        client.map(ram);
        return over(client, ram, client.mapArea(Wire.REGION_BAR0), vectorCount);
    }

    /** Connects as QEMU does for a guest that maps no doorbells: memory shared, writes to registers posted. */
    public static SocketDevice openTrapped(Path socket, RamLayout layout, int vectorCount) {
        VfioUserClient client = VfioUserClient.open(socket);
        GuestRam ram = GuestRam.create(layout);
        client.map(ram);
        return new SocketDevice(client, ram, null, vectors(client, vectorCount), true);
    }

    /** Connects as a host without shared memory does: data by messages, doorbells by register writes. */
    public static SocketDevice openUnshared(Path socket, RamLayout layout, int vectorCount) {
        VfioUserClient client = VfioUserClient.open(socket);
        GuestRam ram = GuestRam.create(layout);
        client.mapByMessages(ram);
        return over(client, ram, null, vectorCount);
    }

    /** @param doorbells the mapped page, or null to write doorbells as registers */
    public static SocketDevice over(VfioUserClient client, GuestRam ram, @Nullable Mapping doorbells, int vectorCount) {
        return new SocketDevice(client, ram, doorbells, vectors(client, vectorCount), false);
    }

    /** The same with eventfds that are set already, and are closed with it. */
    public static SocketDevice over(
            VfioUserClient client, GuestRam ram, @Nullable Mapping doorbells, List<EventFd> vectors) {
        return new SocketDevice(client, ram, doorbells, vectors, false);
    }

    private static List<EventFd> vectors(VfioUserClient client, int vectorCount) {
        List<EventFd> vectors =
                Stream.generate(EventFd::create).limit(vectorCount).toList();
        for (int i = 0; i < vectorCount; i += VECTORS_A_MESSAGE) {
            client.setEventFds(Wire.IRQ_MSIX, i, vectors.subList(i, Math.min(vectorCount, i + VECTORS_A_MESSAGE)));
        }
        return vectors;
    }

    public VfioUserClient client() {
        return client;
    }

    /** The interrupt's counter, to wait on. */
    public EventFd vector(int index) {
        return vectors.get(index);
    }

    @Override
    public GuestRam ram() {
        return ram;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        ByteBuffer value = Wire.body(Long.BYTES).put(client.regionRead(Wire.REGION_BAR0, offset, sizeBytes));
        return value.getLong(0);
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        if (posts) {
            client.regionPost(Wire.REGION_BAR0, offset, bytes(sizeBytes, value));
        } else {
            client.regionWrite(Wire.REGION_BAR0, offset, bytes(sizeBytes, value));
        }
    }

    @Override
    public @Nullable MemorySegment doorbells() {
        return doorbells == null ? null : doorbells.segment();
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
        int value = MEMORY_SPACE | (enabled ? BUS_MASTER : 0);
        client.regionWrite(Wire.REGION_CONFIG, COMMAND_REGISTER, bytes(Short.BYTES, value));
    }

    private static byte[] bytes(int sizeBytes, long value) {
        byte[] bytes = new byte[sizeBytes];
        Wire.body(Long.BYTES).putLong(value).get(0, bytes);
        return bytes;
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

    /** Lets go of the device: the guest's memory and eventfds stay. */
    public void leave() {
        client.close();
        if (doorbells != null) {
            doorbells.close();
        }
    }

    @Override
    public void close() {
        leave();
        vectors.forEach(EventFd::close);
        ram.close();
    }
}
