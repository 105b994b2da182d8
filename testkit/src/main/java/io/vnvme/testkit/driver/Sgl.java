package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.Sqe;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.GuestRam;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Builds scatter gather lists (NVM Express Base 2.0, 4.1.2), also wrong ones. */
public final class Sgl {
    public static final int DATA_BLOCK = 0;
    public static final int BIT_BUCKET = 1;
    public static final int SEGMENT = 2;
    public static final int LAST_SEGMENT = 3;
    public static final int KEYED_DATA_BLOCK = 4;
    public static final int TRANSPORT_DATA_BLOCK = 5;
    public static final int DESCRIPTOR_BYTES = 16;

    private static final int TYPE_SHIFT = 60;
    private static final long LENGTH_MASK = 0xFFFF_FFFFL;

    private record Descriptor(long address, long high) {}

    private final List<Descriptor> descriptors = new ArrayList<>();

    /** Bytes 8 to 15 of a descriptor. */
    public static long high(int type, int subtype, long lengthBytes) {
        return ((long) type << TYPE_SHIFT) | ((long) subtype << 56) | (lengthBytes & LENGTH_MASK);
    }

    /** Describes a whole buffer in one data block. */
    public static DataPointer of(Buffer data) {
        return new DataPointer(data.iova(), high(DATA_BLOCK, 0, data.sizeBytes()), Sqe.PSDT_SGL, List.of());
    }

    public Sgl data(long iova, long lengthBytes) {
        return add(DATA_BLOCK, iova, lengthBytes);
    }

    /** Data of a read that the host does not want. */
    public Sgl bitBucket(long lengthBytes) {
        return add(BIT_BUCKET, 0, lengthBytes);
    }

    public Sgl add(int type, long address, long lengthBytes) {
        return add(type, 0, address, lengthBytes);
    }

    public Sgl add(int type, int subtype, long address, long lengthBytes) {
        descriptors.add(new Descriptor(address, high(type, subtype, lengthBytes)));
        return this;
    }

    /**
     * Lays the descriptors out: in the command when there is one and {@code perSegment} is 0, else in segments.
     *
     * @param perSegment descriptors in each segment with the link to the next one; at least 2, or 0 for one segment
     */
    public DataPointer build(GuestRam ram, int perSegment) {
        if (descriptors.size() == 1 && perSegment == 0) {
            Descriptor only = descriptors.getFirst();
            return new DataPointer(only.address(), only.high(), Sqe.PSDT_SGL, List.of());
        }
        int size = perSegment == 0 ? descriptors.size() : perSegment;
        List<Buffer> segments = new ArrayList<>();
        Descriptor link = segment(ram, 0, size, segments);
        return new DataPointer(link.address(), link.high(), Sqe.PSDT_SGL, segments);
    }

    /** Writes the segment that begins with descriptor {@code from}, and all after it; returns the link to it. */
    private Descriptor segment(GuestRam ram, int from, int size, List<Buffer> segments) {
        int left = descriptors.size() - from;
        boolean last = left <= size;
        int own = last ? left : size - 1;
        Buffer memory = ram.allocateContiguous((long) (last ? own : size) * DESCRIPTOR_BYTES);
        segments.add(memory);
        for (int i = 0; i < own; i++) {
            put(memory, i, descriptors.get(from + i));
        }
        if (!last) {
            put(memory, own, segment(ram, from + own, size, segments));
        }
        return new Descriptor(memory.iova(), high(last ? LAST_SEGMENT : SEGMENT, 0, memory.sizeBytes()));
    }

    private static void put(Buffer memory, int index, Descriptor descriptor) {
        memory.segment().set(ValueLayout.JAVA_LONG, (long) index * DESCRIPTOR_BYTES, descriptor.address());
        memory.segment().set(ValueLayout.JAVA_LONG, (long) index * DESCRIPTOR_BYTES + Long.BYTES, descriptor.high());
    }
}
