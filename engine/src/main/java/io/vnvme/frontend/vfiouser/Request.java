package io.vnvme.frontend.vfiouser;

import io.vnvme.os.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/** A command of the client, decoded once. Offsets are those of the message body, after {@link Header}. */
sealed interface Request {
    /**
     * VERSION: major (2), minor (2), then text or nothing.
     *
     * @param text a view of the received message, valid until the next one
     */
    record Version(int major, int minor, MemorySegment text) implements Request {
        static final int MAJOR_SPOKEN = 0;
        static final int MINOR_SPOKEN = 1;
        private static final long MAJOR = 0;
        private static final long MINOR = 2;
        private static final int TEXT = 4;
        /** QEMU sends some 250 bytes. */
        private static final int TEXT_MAX_BYTES = 4096;

        static Version decode(MemorySegment body) {
            atLeast(body, TEXT);
            long textBytes = body.byteSize() - TEXT;
            if (textBytes > TEXT_MAX_BYTES) {
                throw new RequestException(Errno.E2BIG, "version text of %d bytes".formatted(textBytes));
            }
            return new Version(
                    Short.toUnsignedInt(body.get(Wire.SHORT, MAJOR)),
                    Short.toUnsignedInt(body.get(Wire.SHORT, MINOR)),
                    body.asSlice(TEXT));
        }
    }

    /** DMA_MAP: argsz (4), flags (4), offset in the file (8), address (8), size (8). */
    record DmaMap(int flags, long fileOffset, long address, long sizeBytes) implements Request {
        static final int READABLE = 1;
        static final int WRITABLE = 2;
        private static final int SIZE = 32;

        static DmaMap decode(MemorySegment body) {
            atLeast(body, SIZE);
            return new DmaMap(
                    body.get(Wire.INT, 4), body.get(Wire.LONG, 8), body.get(Wire.LONG, 16), body.get(Wire.LONG, 24));
        }

        boolean readable() {
            return (flags & READABLE) != 0;
        }

        boolean writable() {
            return (flags & WRITABLE) != 0;
        }
    }

    /** DMA_UNMAP: argsz (4), flags (4), address (8), size (8); the reply has the same layout. */
    record DmaUnmap(int flags, long address, long sizeBytes) implements Request {
        static final int SIZE = 24;
        /** VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP: a bitmap would have to follow. */
        static final int GET_DIRTY_BITMAP = 1;
        /** VFIO_DMA_UNMAP_FLAG_ALL, with address and size 0. */
        static final int ALL = 2;

        static DmaUnmap decode(MemorySegment body) {
            atLeast(body, SIZE);
            return new DmaUnmap(body.get(Wire.INT, 4), body.get(Wire.LONG, 8), body.get(Wire.LONG, 16));
        }

        boolean all() {
            return (flags & ALL) != 0;
        }

        void encode(MemorySegment reply) {
            reply.set(Wire.INT, 0, SIZE);
            reply.set(Wire.INT, 4, flags);
            reply.set(Wire.LONG, 8, address);
            reply.set(Wire.LONG, 16, sizeBytes);
        }
    }

    /** DEVICE_GET_INFO: argsz (4), flags (4), regions (4), interrupt types (4). */
    record DeviceInfo() implements Request {
        static final int SIZE = 16;

        static DeviceInfo decode(MemorySegment body) {
            atLeast(body, SIZE);
            enoughRoom(body, SIZE);
            return new DeviceInfo();
        }
    }

    /** DEVICE_GET_REGION_INFO: argsz (4), flags (4), index (4), offset of capabilities (4), size (8), offset (8). */
    record RegionInfo(int argumentBytes, int index) implements Request {
        static final int SIZE = 32;

        static RegionInfo decode(MemorySegment body) {
            atLeast(body, SIZE);
            enoughRoom(body, SIZE);
            return new RegionInfo(body.get(Wire.INT, 0), body.get(Wire.INT, 8));
        }
    }

    /** DEVICE_GET_IRQ_INFO: argsz (4), flags (4), index (4), count (4). */
    record IrqInfo(int index) implements Request {
        static final int SIZE = 16;

        static IrqInfo decode(MemorySegment body) {
            atLeast(body, SIZE);
            enoughRoom(body, SIZE);
            return new IrqInfo(body.get(Wire.INT, 8));
        }
    }

    /** DEVICE_SET_IRQS: argsz (4), flags (4), index (4), start (4), count (4), then one byte each for booleans. */
    record SetIrqs(int flags, int index, int start, int count, BitSet selected) implements Request {
        static final int DATA_NONE = 1;
        static final int DATA_BOOL = 2;
        static final int DATA_EVENTFD = 4;
        static final int MASK = 8;
        static final int UNMASK = 16;
        static final int TRIGGER = 32;
        private static final int DATA_BITS = DATA_NONE | DATA_BOOL | DATA_EVENTFD;
        private static final int ACTION_BITS = MASK | UNMASK | TRIGGER;
        private static final int SIZE = 20;

        static SetIrqs decode(MemorySegment body) {
            atLeast(body, SIZE);
            int flags = body.get(Wire.INT, 4);
            int count = body.get(Wire.INT, 16);
            if (Integer.bitCount(flags & DATA_BITS) != 1
                    || Integer.bitCount(flags & ACTION_BITS) != 1
                    || (flags & ~(DATA_BITS | ACTION_BITS)) != 0) {
                throw new RequestException(Errno.EINVAL, "SET_IRQS with flags 0x%x".formatted(flags));
            }
            BitSet selected = new BitSet();
            if ((flags & DATA_BOOL) != 0) {
                if (count < 0 || body.byteSize() - SIZE < count) {
                    throw new RequestException(Errno.EINVAL, "SET_IRQS without its booleans");
                }
                for (int i = 0; i < count; i++) {
                    selected.set(i, body.get(ValueLayout.JAVA_BYTE, SIZE + i) != 0);
                }
            }
            return new SetIrqs(flags, body.get(Wire.INT, 8), body.get(Wire.INT, 12), count, selected);
        }

        int data() {
            return flags & DATA_BITS;
        }

        int action() {
            return flags & ACTION_BITS;
        }
    }

    /** REGION_READ: offset (8), region (4), count (4); the reply repeats them before the data. */
    record RegionRead(long offset, int region, int count) implements Request {
        static final int SIZE = 16;

        static RegionRead decode(MemorySegment body) {
            atLeast(body, SIZE);
            return new RegionRead(body.get(Wire.LONG, 0), body.get(Wire.INT, 8), body.get(Wire.INT, 12));
        }
    }

    /**
     * REGION_WRITE: offset (8), region (4), count (4), data.
     *
     * @param data a view of the received message, valid until the next one
     */
    record RegionWrite(long offset, int region, int count, MemorySegment data) implements Request {
        static final int SIZE = 16;

        static RegionWrite decode(MemorySegment body) {
            atLeast(body, SIZE);
            int count = body.get(Wire.INT, 12);
            if (count < 0 || body.byteSize() - SIZE < count) {
                throw new RequestException(Errno.EINVAL, "REGION_WRITE without its data");
            }
            return new RegionWrite(body.get(Wire.LONG, 0), body.get(Wire.INT, 8), count, body.asSlice(SIZE, count));
        }
    }

    /**
     * REGION_WRITE_MULTI: count (8), then writes of offset (8), region (4), count (4), data (8).
     *
     * @param writes a view of the received message, valid until the next one
     */
    record RegionWriteMulti(int count, MemorySegment writes) implements Request {
        static final int COUNT_SIZE = 8;
        static final int WRITE_SIZE = 24;
        private static final int DATA_MAX = 8;

        static RegionWriteMulti decode(MemorySegment body) {
            atLeast(body, COUNT_SIZE);
            long count = body.get(Wire.LONG, 0);
            if (count < 0 || count > (body.byteSize() - COUNT_SIZE) / WRITE_SIZE) {
                throw new RequestException(Errno.EINVAL, "REGION_WRITE_MULTI without its writes");
            }
            return new RegionWriteMulti((int) count, body.asSlice(COUNT_SIZE, count * WRITE_SIZE));
        }

        RegionWrite write(int index) {
            long at = (long) index * WRITE_SIZE;
            int count = writes.get(Wire.INT, at + 12);
            if (count < 0 || count > DATA_MAX) {
                throw new RequestException(Errno.EINVAL, "write of %d bytes in REGION_WRITE_MULTI".formatted(count));
            }
            return new RegionWrite(
                    writes.get(Wire.LONG, at), writes.get(Wire.INT, at + 8), count, writes.asSlice(at + 16, count));
        }
    }

    /**
     * DEVICE_FEATURE: argsz (4), flags (4): feature (bits 15:0), get (16), set (17), probe (18); then data.
     *
     * @param data a view of the received message, valid until the next one
     */
    record DeviceFeature(int argumentBytes, int flags, MemorySegment data) implements Request {
        static final int SIZE = 8;
        static final int GET = 1 << 16;
        static final int SET = 1 << 17;
        private static final int PROBE = 1 << 18;
        private static final int FEATURE = 0xffff;

        static final int MIGRATION = 1;
        static final int MIG_DEVICE_STATE = 2;
        static final int DMA_LOGGING_START = 6;
        static final int DMA_LOGGING_STOP = 7;
        static final int DMA_LOGGING_REPORT = 8;

        static DeviceFeature decode(MemorySegment body) {
            atLeast(body, SIZE);
            int flags = body.get(Wire.INT, 4);
            boolean both = (flags & (GET | SET)) == (GET | SET) && (flags & PROBE) == 0;
            if (both || (flags & ~(FEATURE | GET | SET | PROBE)) != 0) {
                throw new RequestException(Errno.EINVAL, "DEVICE_FEATURE with flags 0x%x".formatted(flags));
            }
            return new DeviceFeature(body.get(Wire.INT, 0), flags, body.asSlice(SIZE));
        }

        int feature() {
            return flags & FEATURE;
        }

        /** {@link #GET}, {@link #SET}, for a probe maybe both. */
        int wanted() {
            return flags & (GET | SET);
        }

        boolean probe() {
            return (flags & PROBE) != 0;
        }

        /** @throws RequestException when there is less */
        MemorySegment data(int sizeBytes) {
            atLeast(data, sizeBytes);
            return data;
        }

        void encode(MemorySegment reply, int dataBytes) {
            reply.set(Wire.INT, 0, SIZE + dataBytes);
            reply.set(Wire.INT, 4, flags);
        }
    }

    /**
     * MIG_DATA_READ and MIG_DATA_WRITE: argsz (4), size (4), data.
     *
     * @param data a view of the received message, valid until the next one
     */
    record MigrationData(boolean write, int argumentBytes, int sizeBytes, MemorySegment data) implements Request {
        static final int SIZE = 8;

        static MigrationData decode(boolean write, MemorySegment body) {
            atLeast(body, SIZE);
            return new MigrationData(write, body.get(Wire.INT, 0), body.get(Wire.INT, 4), body.asSlice(SIZE));
        }
    }

    /** DEVICE_RESET: nothing. */
    record DeviceReset() implements Request {}

    /** A command that this server does not have. */
    record Unsupported(int command) implements Request {}

    /** @throws RequestException when the body is not what the command wants */
    static Request decode(int command, MemorySegment body) {
        return switch (command) {
            case Wire.VERSION -> Version.decode(body);
            case Wire.DMA_MAP -> DmaMap.decode(body);
            case Wire.DMA_UNMAP -> DmaUnmap.decode(body);
            case Wire.DEVICE_GET_INFO -> DeviceInfo.decode(body);
            case Wire.DEVICE_GET_REGION_INFO -> RegionInfo.decode(body);
            case Wire.DEVICE_GET_IRQ_INFO -> IrqInfo.decode(body);
            case Wire.DEVICE_SET_IRQS -> SetIrqs.decode(body);
            case Wire.REGION_READ -> RegionRead.decode(body);
            case Wire.REGION_WRITE -> RegionWrite.decode(body);
            case Wire.REGION_WRITE_MULTI -> RegionWriteMulti.decode(body);
            case Wire.DEVICE_RESET -> new DeviceReset();
            case Wire.DEVICE_FEATURE -> DeviceFeature.decode(body);
            case Wire.MIG_DATA_READ -> MigrationData.decode(false, body);
            case Wire.MIG_DATA_WRITE -> MigrationData.decode(true, body);
            default -> new Unsupported(command);
        };
    }

    private static void atLeast(MemorySegment body, int sizeBytes) {
        if (body.byteSize() < sizeBytes) {
            throw new RequestException(
                    Errno.EINVAL, "body of %d bytes instead of %d".formatted(body.byteSize(), sizeBytes));
        }
    }

    /** argsz is the room that the client has for the reply. */
    private static void enoughRoom(MemorySegment body, int sizeBytes) {
        if (Integer.compareUnsigned(body.get(Wire.INT, 0), sizeBytes) < 0) {
            throw new RequestException(Errno.EINVAL, "argsz below %d".formatted(sizeBytes));
        }
    }
}
