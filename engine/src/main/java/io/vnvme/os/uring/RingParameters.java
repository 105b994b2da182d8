package io.vnvme.os.uring;

import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.RingCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A ring as the kernel made it: where in its memory is what (struct io_uring_params in linux/io_uring.h).
 *
 * @param flags of the set-up that the kernel accepted
 * @param sqeCount entries of the submission queue, a power of two
 * @param cqeCount entries of the completion queue, a power of two
 * @param sqArray offset of the array of indices into the entries, which older kernels read
 */
record RingParameters(
        Fd fd,
        int flags,
        int sqeCount,
        int cqeCount,
        long sqHead,
        long sqTail,
        long sqFlags,
        long sqArray,
        long cqHead,
        long cqTail,
        long cqes,
        long cqFlags,
        long ringBytes) {
    static final int SETUP_CQSIZE = 1 << 3;
    static final int SETUP_CLAMP = 1 << 4;
    static final int SETUP_SUBMIT_ALL = 1 << 7;
    static final int SETUP_COOP_TASKRUN = 1 << 8;
    static final int SETUP_TASKRUN_FLAG = 1 << 9;
    static final int SETUP_SINGLE_ISSUER = 1 << 12;
    static final int SETUP_DEFER_TASKRUN = 1 << 13;
    static final int SETUP_NO_SQARRAY = 1 << 16;

    private static final int FEATURE_SINGLE_MMAP = 1;
    private static final int FEATURE_NODROP = 1 << 1;
    private static final long BYTES = 120;
    private static final long SQ_ENTRIES = 0;
    private static final long CQ_ENTRIES = 4;
    private static final long FLAGS = 8;
    private static final long FEATURES = 20;
    private static final long SQ_OFFSETS = 40;
    private static final long CQ_OFFSETS = 80;
    private static final int CQE_BYTES = 16;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    /** From what a kernel of today does best down to what Linux 5.11 knows. Each came with a release of its own. */
    static final List<Integer> WISHES = List.of(
            SETUP_SUBMIT_ALL | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_TASKRUN_FLAG | SETUP_NO_SQARRAY,
            SETUP_SUBMIT_ALL | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_TASKRUN_FLAG,
            SETUP_SUBMIT_ALL | SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG,
            0);

    /**
     * Makes a ring with the first flags that the kernel takes.
     *
     * @param wishes sets of flags, the best first
     * @throws NativeException EPERM or ENOSYS when this host has no io_uring for us, ENOMEM when memory may not be locked
     */
    static RingParameters create(int sqeCount, int cqeCount, List<Integer> wishes) {
        int errno = Errno.EINVAL;
        for (int flags : wishes) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment out = arena.allocate(BYTES, Long.BYTES);
                out.set(INT, FLAGS, flags | SETUP_CQSIZE | SETUP_CLAMP);
                out.set(INT, CQ_ENTRIES, cqeCount);
                int result = RingCalls.setup(sqeCount, out);
                if (result >= 0) {
                    return read(Fd.adopt(result), out);
                }
                errno = -result;
                if (errno != Errno.EINVAL) {
                    break;
                }
            }
        }
        throw new NativeException("io_uring_setup", errno);
    }

    private static RingParameters read(Fd fd, MemorySegment out) {
        int features = out.get(INT, FEATURES);
        if ((features & FEATURE_SINGLE_MMAP) == 0 || (features & FEATURE_NODROP) == 0) {
            fd.close();
            throw new UnsupportedOperationException("io_uring of this kernel is too old: Linux 5.11 or later needed");
        }
        int sqeCount = out.get(INT, SQ_ENTRIES);
        int cqeCount = out.get(INT, CQ_ENTRIES);
        long array = out.get(INT, SQ_OFFSETS + 24);
        long cqes = out.get(INT, CQ_OFFSETS + 20);
        return new RingParameters(
                fd,
                out.get(INT, FLAGS),
                sqeCount,
                cqeCount,
                out.get(INT, SQ_OFFSETS),
                out.get(INT, SQ_OFFSETS + 4),
                out.get(INT, SQ_OFFSETS + 16),
                array,
                out.get(INT, CQ_OFFSETS),
                out.get(INT, CQ_OFFSETS + 4),
                cqes,
                out.get(INT, CQ_OFFSETS + 24),
                Math.max(array + (long) sqeCount * Integer.BYTES, cqes + (long) cqeCount * CQE_BYTES));
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }
}
