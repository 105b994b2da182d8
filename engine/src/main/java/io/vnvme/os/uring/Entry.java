package io.vnvme.os.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A submission queue entry (struct io_uring_sqe in linux/io_uring.h), written whole in eight words. */
public final class Entry {
    public static final int SIZE = 64;

    public static final int NOP = 0;
    public static final int READV = 1;
    public static final int WRITEV = 2;
    public static final int FSYNC = 3;
    public static final int READ_FIXED = 4;
    public static final int WRITE_FIXED = 5;
    public static final int FALLOCATE = 17;
    public static final int READ = 22;
    public static final int WRITE = 23;

    /** Flag: the file is an index into the registered files. */
    public static final int FIXED_FILE = 1;
    /** Flag of FSYNC: the data, and only so much else as reading it again needs. */
    public static final int FSYNC_DATASYNC = 1;
    /** Flag of writes: on the media before it completes. */
    public static final int RWF_DSYNC = 2;
    /** Mode of FALLOCATE: the file's size stays. */
    public static final int KEEP_SIZE = 1;
    /** Mode of FALLOCATE: the range becomes a hole. */
    public static final int PUNCH_HOLE = 2;
    /** Mode of FALLOCATE: the range reads zeros, its space is kept. */
    public static final int ZERO_RANGE = 16;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final long FD_AND_OPCODE = 0;
    private static final long OFFSET = 8;
    private static final long ADDRESS = 16;
    private static final long LENGTH_AND_FLAGS = 24;
    private static final long USER_DATA = 32;
    private static final long BUFFER = 40;
    private static final long REST = 48;

    private Entry() {}

    /**
     * Fills in the entry at {@code at}.
     *
     * @param file index of a registered file
     * @param offset offset in the file, in bytes
     * @param address of the data or the vector; the length for FALLOCATE
     * @param length bytes, or pieces of a vector, or the mode for FALLOCATE
     * @param operationFlags RWF or FSYNC flags
     * @param buffer index of a registered buffer, for READ_FIXED and WRITE_FIXED
     */
    public static void fill(
            MemorySegment entries,
            long at,
            int opcode,
            int file,
            long offset,
            long address,
            int length,
            int operationFlags,
            int buffer,
            long userData) {
        entries.set(LONG, at + FD_AND_OPCODE, opcode | FIXED_FILE << 8 | (long) file << 32);
        entries.set(LONG, at + OFFSET, offset);
        entries.set(LONG, at + ADDRESS, address);
        entries.set(LONG, at + LENGTH_AND_FLAGS, Integer.toUnsignedLong(length) | (long) operationFlags << 32);
        entries.set(LONG, at + USER_DATA, userData);
        entries.set(LONG, at + BUFFER, buffer);
        entries.set(LONG, at + REST, 0);
        entries.set(LONG, at + REST + Long.BYTES, 0);
    }

    /** An entry that does nothing but come back. */
    public static void nop(MemorySegment entries, long at, long userData) {
        entries.set(LONG, at + FD_AND_OPCODE, NOP);
        for (long word = OFFSET; word < SIZE; word += Long.BYTES) {
            entries.set(LONG, at + word, 0);
        }
        entries.set(LONG, at + USER_DATA, userData);
    }
}
