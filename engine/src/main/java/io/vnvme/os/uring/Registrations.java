package io.vnvme.os.uring;

import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.RingCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The tables of a ring: files and buffers that requests name by index. Used by the ring's thread. */
public final class Registrations {
    /** The kernel's limit for one table of buffers (IORING_MAX_REG_BUFFERS). */
    public static final int BUFFERS_MAX = 1 << 14;

    private static final int REGISTER_FILES = 2;
    private static final int FILES_UPDATE = 6;
    private static final int REGISTER_BUFFERS2 = 15;
    private static final int BUFFERS_UPDATE = 16;
    private static final int RESOURCE_SPARSE = 1;
    private static final int RESOURCE_BYTES = 32;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Uring ring;

    Registrations(Uring ring) {
        this.ring = ring;
    }

    /** A table of {@code count} files, all empty. */
    public void files(int count) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment numbers = arena.allocate((long) count * Integer.BYTES, Integer.BYTES);
            numbers.fill((byte) -1);
            require("REGISTER_FILES", RingCalls.register(ring.fd().number(), REGISTER_FILES, numbers, count));
        }
    }

    /** Puts a file into the table in place of what was there. */
    public void file(int index, Fd fd) {
        file(index, fd.number());
    }

    /** Takes the file out of the table; requests in flight go on with it. */
    public void noFile(int index) {
        file(index, -1);
    }

    private void file(int index, int number) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment update = arena.allocate(16, Long.BYTES);
            update.set(INT, 0, index);
            update.set(LONG, 8, arena.allocateFrom(ValueLayout.JAVA_INT, number).address());
            require("FILES_UPDATE", RingCalls.register(ring.fd().number(), FILES_UPDATE, update, 1));
        }
    }

    /** A table of {@code count} buffers, all empty. @return false when the kernel has no such tables (before 5.19) */
    public boolean buffers(int count) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment resource = arena.allocate(RESOURCE_BYTES, Long.BYTES);
            resource.set(INT, 0, count);
            resource.set(INT, 4, RESOURCE_SPARSE);
            return RingCalls.register(ring.fd().number(), REGISTER_BUFFERS2, resource, RESOURCE_BYTES) >= 0;
        }
    }

    /**
     * Puts memory into the table; its pages are taken and stay where they are until {@link #noBuffer}.
     *
     * @param lengthBytes 1 to 1 GiB
     * @return 0, or a negative errno: ENOMEM when no more memory may be locked
     */
    public int buffer(int index, MemorySegment memory, long offsetBytes, long lengthBytes) {
        return buffer(index, memory.address() + offsetBytes, lengthBytes);
    }

    /** Lets go of the memory once requests in flight are done with it. */
    public void noBuffer(int index) {
        require("BUFFERS_UPDATE", buffer(index, 0, 0));
    }

    private int buffer(int index, long address, long lengthBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vector = arena.allocate(16, Long.BYTES);
            vector.set(LONG, 0, address);
            vector.set(LONG, 8, lengthBytes);
            MemorySegment update = arena.allocate(RESOURCE_BYTES, Long.BYTES);
            update.set(INT, 0, index);
            update.set(LONG, 8, vector.address());
            update.set(INT, 24, 1);
            int result = RingCalls.register(ring.fd().number(), BUFFERS_UPDATE, update, RESOURCE_BYTES);
            return Math.min(result, 0);
        }
    }

    static void require(String operation, int result) {
        if (result < 0) {
            throw new NativeException("io_uring_register " + operation, -result);
        }
    }
}
