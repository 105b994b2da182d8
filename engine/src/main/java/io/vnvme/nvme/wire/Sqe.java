package io.vnvme.nvme.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Submission queue entry (NVM Express Base 2.0, 3.3.3.1): 64 bytes, little endian. */
public final class Sqe {
    public static final int SIZE = 64;

    public static final int CDW0 = 0;
    public static final int NSID = 4;
    public static final int CDW2 = 8;
    public static final int CDW3 = 12;
    /** Metadata Pointer. */
    public static final int MPTR = 16;
    /** Data Pointer: PRP1 and PRP2, or one SGL descriptor. */
    public static final int DPTR_LOW = 24;

    public static final int DPTR_HIGH = 32;
    public static final int CDW10 = 40;
    public static final int CDW11 = 44;
    public static final int CDW12 = 48;
    public static final int CDW13 = 52;
    public static final int CDW14 = 56;
    public static final int CDW15 = 60;

    public static final int FUSE_NONE = 0;
    public static final int FUSE_FIRST = 1;
    public static final int FUSE_SECOND = 2;

    public static final int PSDT_PRP = 0;
    public static final int PSDT_SGL = 1;
    public static final int PSDT_SGL_METADATA_SGL = 2;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private Sqe() {}

    public static int opcode(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    public static int fuse(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_BYTE, at + 1) & 3;
    }

    /** PRP or SGL for Data Transfer. */
    public static int psdt(MemorySegment s, long at) {
        return (s.get(ValueLayout.JAVA_BYTE, at + 1) & 0xff) >>> 6;
    }

    /** Command identifier, 16 bits. */
    public static int cid(MemorySegment s, long at) {
        return s.get(INT, at) >>> 16;
    }

    public static int nsid(MemorySegment s, long at) {
        return s.get(INT, at + NSID);
    }

    public static long metadataPointer(MemorySegment s, long at) {
        return s.get(LONG, at + MPTR);
    }

    public static long dataPointerLow(MemorySegment s, long at) {
        return s.get(LONG, at + DPTR_LOW);
    }

    public static long dataPointerHigh(MemorySegment s, long at) {
        return s.get(LONG, at + DPTR_HIGH);
    }

    /** Command dword {@code number}, 0 to 15. */
    public static int dword(MemorySegment s, long at, int number) {
        return s.get(INT, at + 4L * number);
    }

    /** Starting LBA of an I/O command, dwords 10 and 11. */
    public static long startingLba(MemorySegment s, long at) {
        return s.get(LONG, at + CDW10);
    }

    /** Number of logical blocks of an I/O command, 1-based: dword 12 bits 15:0. */
    public static int blockCount(MemorySegment s, long at) {
        return (s.get(INT, at + CDW12) & 0xffff) + 1;
    }

    /** Force Unit Access of an I/O command: dword 12 bit 30. */
    public static boolean forceUnitAccess(MemorySegment s, long at) {
        return (s.get(INT, at + CDW12) & 1 << 30) != 0;
    }

    /** First dword of an entry. */
    public static int head(int opcode, int fuse, int psdt, int cid) {
        return opcode | fuse << 8 | psdt << 14 | cid << 16;
    }
}
