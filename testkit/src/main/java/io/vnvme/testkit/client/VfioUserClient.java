package io.vnvme.testkit.client;

import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.testkit.ram.GuestRam;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A vfio-user client with a call for each command of the protocol. Every call blocks until its reply is there.
 *
 * <p>Calls throw {@link VfioUserException} when the server refuses or is gone.
 */
public final class VfioUserClient implements AutoCloseable {
    /** What QEMU 11.1 says about itself. */
    public static final String QEMU_CAPABILITIES = """
            {"capabilities":{"max_msg_fds":16,"max_data_xfer_size":1048576,"max_dma_maps":65535,"pgsizes":4096,\
            "write_multiple":true}}""";

    private static final int REGION_INFO_BYTES = 32;
    private static final int SPARSE_HEADER_BYTES = 16;
    private static final int AREA_BYTES = 16;

    private final Calls calls;

    private VfioUserClient(Calls calls) {
        this.calls = calls;
    }

    /** Connects, without a word yet. */
    public static VfioUserClient connect(Path socket) {
        return connect(socket, DmaLayout.SPECIFICATION);
    }

    public static VfioUserClient connect(Path socket, DmaLayout layout) {
        return new VfioUserClient(new Calls(Channel.connect(socket), layout));
    }

    /** Connects and negotiates the version as QEMU does. */
    public static VfioUserClient open(Path socket) {
        VfioUserClient client = connect(socket);
        client.version(QEMU_CAPABILITIES);
        return client;
    }

    /** Connects and negotiates as polled clients do, who have nothing to say about themselves. */
    public static VfioUserClient openPolled(Path socket) {
        VfioUserClient client = connect(socket);
        client.version(null);
        return client;
    }

    /** What lies below: pipelined and malformed messages. */
    public Calls calls() {
        return calls;
    }

    /**
     * Version negotiation.
     *
     * @param capabilities JSON, or null for the 20-byte message that has none
     * @return the server's version and JSON text
     */
    public VersionReply version(@Nullable String capabilities) {
        byte[] json = capabilities == null ? new byte[0] : (capabilities + "\0").getBytes(StandardCharsets.UTF_8);
        ByteBuffer body = Wire.body(4 + json.length)
                .putShort((short) 0)
                .putShort((short) 1)
                .put(json);
        ByteBuffer reply = calls.call(Wire.VERSION, body).view();
        int major = reply.getShort() & 0xFFFF;
        int minor = reply.getShort() & 0xFFFF;
        byte[] text = new byte[reply.remaining()];
        reply.get(text);
        return new VersionReply(major, minor, new String(text, StandardCharsets.UTF_8).replace("\0", ""));
    }

    /** Reply to VERSION: numbers, and the capabilities as JSON text. */
    public record VersionReply(int major, int minor, String json) {}

    /** Maps every region of the guest with its descriptor. */
    public void map(GuestRam ram) {
        for (int i = 0; i < ram.layout().regionCount(); i++) {
            mapRegion(ram, i);
        }
    }

    /** Maps one region of the guest with its descriptor. */
    public void mapRegion(GuestRam ram, int index) {
        long size = ram.layout().regionBytes();
        dmaMap(
                ram.regionIova(index),
                size,
                index * size,
                Wire.DMA_READABLE | Wire.DMA_WRITABLE,
                ram.fd().number());
    }

    /** Maps every region without a descriptor; the server's requests are answered from now on. */
    public void mapByMessages(GuestRam ram) {
        calls.dma().serve(ram);
        for (int i = 0; i < ram.layout().regionCount(); i++) {
            long size = ram.layout().regionBytes();
            dmaMap(ram.regionIova(i), size, 0, Wire.DMA_READABLE | Wire.DMA_WRITABLE);
        }
    }

    /** Takes the guest's memory away; the reply means that the server touches it no more. */
    public void unmap(GuestRam ram) {
        for (int i = 0; i < ram.layout().regionCount(); i++) {
            dmaUnmap(ram.regionIova(i), ram.layout().regionBytes());
        }
        calls.dma().forget(ram);
    }

    public void dmaMap(long iova, long sizeBytes, long fileOffset, int flags, int... fds) {
        ByteBuffer body = Wire.body(32)
                .putInt(32)
                .putInt(flags)
                .putLong(fileOffset)
                .putLong(iova)
                .putLong(sizeBytes);
        calls.call(Wire.DMA_MAP, body, fds);
    }

    public void dmaUnmap(long iova, long sizeBytes, int... fds) {
        calls.call(Wire.DMA_UNMAP, unmapBody(0, iova, sizeBytes), fds);
    }

    public void dmaUnmapAll() {
        calls.call(Wire.DMA_UNMAP, unmapBody(Wire.UNMAP_ALL, 0, 0));
    }

    private static ByteBuffer unmapBody(int flags, long iova, long sizeBytes) {
        return Wire.body(24).putInt(24).putInt(flags).putLong(iova).putLong(sizeBytes);
    }

    /** Reply to DEVICE_GET_INFO. */
    public record DeviceInfo(int flags, int regionCount, int irqCount) {}

    public DeviceInfo deviceInfo() {
        ByteBuffer reply =
                calls.call(Wire.DEVICE_GET_INFO, Wire.body(16).putInt(16)).view();
        return new DeviceInfo(reply.getInt(4), reply.getInt(8), reply.getInt(12));
    }

    /** Asks with a given argsz: 32 first, then what the first answer says, is what QEMU does. */
    public RegionInfo regionInfo(int index, int argsz) {
        Message reply = regionInfoReply(index, argsz);
        reply.fds().forEach(Fd::close);
        return regionInfo(reply);
    }

    private Message regionInfoReply(int index, int argsz) {
        ByteBuffer body = Wire.body(REGION_INFO_BYTES).putInt(argsz).putInt(0).putInt(index);
        return calls.call(Wire.DEVICE_GET_REGION_INFO, body);
    }

    private static RegionInfo regionInfo(Message reply) {
        ByteBuffer body = reply.view();
        int flags = body.getInt(4);
        int cap = body.getInt(12);
        List<RegionInfo.Area> areas = new ArrayList<>();
        while ((flags & Wire.REGION_HAS_CAPS) != 0 && cap != 0) {
            if (body.getShort(cap) == Wire.CAP_SPARSE_MMAP) {
                for (int i = 0; i < body.getInt(cap + 8); i++) {
                    int area = cap + SPARSE_HEADER_BYTES + i * AREA_BYTES;
                    areas.add(new RegionInfo.Area(body.getLong(area), body.getLong(area + Long.BYTES)));
                }
            }
            cap = body.getInt(cap + 4);
        }
        return new RegionInfo(
                body.getInt(0),
                flags,
                body.getInt(8),
                body.getLong(16),
                body.getLong(24),
                areas,
                reply.fds().size());
    }

    /** Maps the first mappable part of a region, as QEMU (asking twice) finds it. */
    public Mapping mapArea(int region) {
        RegionInfo first = regionInfo(region, REGION_INFO_BYTES);
        Message reply = regionInfoReply(region, first.argsz());
        RegionInfo full = regionInfo(reply);
        if (full.areas().isEmpty() || reply.fds().size() != 1) {
            reply.fds().forEach(Fd::close);
            throw new VfioUserException("region %d offers nothing to map".formatted(region), 0);
        }
        RegionInfo.Area area = full.areas().getFirst();
        try (Fd fd = reply.fds().getFirst()) {
            return Mapping.shared(fd, full.fileOffset() + area.offset(), area.sizeBytes(), true);
        }
    }

    /** Reply to DEVICE_GET_IRQ_INFO. */
    public record IrqInfo(int flags, int index, int count) {}

    public IrqInfo irqInfo(int index) {
        ByteBuffer body = Wire.body(16).putInt(16).putInt(0).putInt(index);
        ByteBuffer reply = calls.call(Wire.DEVICE_GET_IRQ_INFO, body).view();
        return new IrqInfo(reply.getInt(4), reply.getInt(8), reply.getInt(12));
    }

    /** SET_IRQS as it is. */
    public void setIrqs(int flags, int index, int start, int count, byte[] data, int... fds) {
        ByteBuffer body = Wire.body(20 + data.length)
                .putInt(20 + data.length)
                .putInt(flags)
                .putInt(index)
                .putInt(start)
                .putInt(count)
                .put(data);
        calls.call(Wire.DEVICE_SET_IRQS, body, fds);
    }

    /** Gives the server one eventfd for each vector from {@code start} on. */
    public void setEventFds(int index, int start, List<EventFd> events) {
        int[] fds = events.stream().mapToInt(event -> event.fd().number()).toArray();
        setIrqs(Wire.IRQ_DATA_EVENTFD | Wire.IRQ_TRIGGER, index, start, fds.length, new byte[0], fds);
    }

    /** Takes all vectors of a kind back. */
    public void disableIrqs(int index) {
        setIrqs(Wire.IRQ_DATA_NONE | Wire.IRQ_TRIGGER, index, 0, 0, new byte[0]);
    }

    /** Reads bytes of a region; returns as many as the server sent. */
    public byte[] regionRead(int region, long offset, int count) {
        ByteBuffer body = Wire.body(16).putLong(offset).putInt(region).putInt(count);
        ByteBuffer reply = calls.call(Wire.REGION_READ, body).view();
        byte[] data = new byte[reply.capacity() - 16];
        reply.get(16, data);
        return data;
    }

    public void regionWrite(int region, long offset, byte[] data) {
        calls.call(Wire.REGION_WRITE, regionWriteBody(region, offset, data));
    }

    /** A posted write: no reply. */
    public void regionPost(int region, long offset, byte[] data) {
        calls.post(Wire.REGION_WRITE, regionWriteBody(region, offset, data));
    }

    private static ByteBuffer regionWriteBody(int region, long offset, byte[] data) {
        return Wire.body(16 + data.length)
                .putLong(offset)
                .putInt(region)
                .putInt(data.length)
                .put(data);
    }

    /** One write of REGION_WRITE_MULTI: at most 8 bytes of a little-endian value. */
    public record Write(int region, long offset, int sizeBytes, long value) {}

    /** Many small writes in one message, posted as QEMU does. */
    public void regionWriteMulti(List<Write> writes) {
        ByteBuffer body = Wire.body(8 + writes.size() * 24).putLong(writes.size());
        for (Write write : writes) {
            body.putLong(write.offset()).putInt(write.region()).putInt(write.sizeBytes());
            body.putLong(write.value());
        }
        calls.post(Wire.REGION_WRITE_MULTI, body);
    }

    public void reset() {
        calls.call(Wire.DEVICE_RESET, Wire.body(0));
    }

    /** Process that serves the socket. */
    public int serverPid() {
        return calls.channel().serverPid();
    }

    /** DMA requests of the server that were answered so far. */
    public long dmaRequests() {
        return calls.dma().requests();
    }

    @Override
    public void close() {
        calls.close();
    }
}
