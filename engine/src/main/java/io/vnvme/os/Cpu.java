package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;

/** Which processor the calling thread runs on, and what it has used. */
public final class Cpu {
    private static final int CLOCK_THREAD_CPUTIME_ID = 3;
    // clock_getcpuclockid(3) without the call: the kernel's own encoding of a process's scheduler clock.
    private static final int PROCESS_CLOCK_SHIFT = 3;
    private static final int CPUCLOCK_SCHED = 2;
    private static final long NS_PER_S = 1_000_000_000L;
    /** Room for 8192 processors, the most that Linux can be built for. */
    private static final long SET_BYTES = 1024;

    private static final MethodHandle SETAFFINITY = affinity("sched_setaffinity");
    private static final MethodHandle GETAFFINITY = affinity("sched_getaffinity");
    private static final MethodHandle GETCPU = Libc.plain("sched_getcpu", FunctionDescriptor.of(ValueLayout.JAVA_INT));
    private static final MethodHandle CLOCK_GETTIME = Libc.capturing(
            "clock_gettime", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    private static final ThreadLocal<MemorySegment> TIME =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(2 * Long.BYTES, Long.BYTES));

    private Cpu() {}

    /**
     * Binds the calling thread to one processor, even one outside the mask that the process was started with.
     *
     * @throws NativeException EINVAL when there is no such processor or the control group forbids it
     */
    public static void pin(int cpu) {
        if (cpu < 0 || cpu >= SET_BYTES * Byte.SIZE) {
            throw new NativeException("sched_setaffinity to CPU " + cpu, Errno.EINVAL);
        }
        BitSet one = new BitSet();
        one.set(cpu);
        allow(0, one);
    }

    /**
     * Lets a thread run on these processors alone.
     *
     * @param thread its number in the kernel; 0: the calling one
     * @throws NativeException ESRCH when it has ended, EINVAL when it may run on none of them
     */
    static void allow(int thread, BitSet cpus) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
            long[] words = cpus.toLongArray();
            MemorySegment.copy(words, 0, set, ValueLayout.JAVA_LONG, 0, words.length);
            int result = (int) SETAFFINITY.invokeExact(Libc.errnoState(), thread, SET_BYTES, set);
            if (result < 0) {
                throw Libc.failed("sched_setaffinity to CPUs " + cpus);
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** The processors that the calling thread may run on. */
    public static BitSet allowed() {
        return allowed(0);
    }

    /** @param thread its number in the kernel; 0: the calling one */
    static BitSet allowed(int thread) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
            int result = (int) GETAFFINITY.invokeExact(Libc.errnoState(), thread, SET_BYTES, set);
            if (result < 0) {
                throw Libc.failed("sched_getaffinity");
            }
            return BitSet.valueOf(set.toArray(ValueLayout.JAVA_LONG));
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** The processor that the calling thread runs on at this moment. */
    public static int current() {
        try {
            return (int) GETCPU.invokeExact();
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Processor time that the calling thread has used, in nanoseconds. Allocates nothing. */
    public static long threadCpuTimeNs() {
        return clockNs(CLOCK_THREAD_CPUTIME_ID);
    }

    /**
     * Processor time that a process has used in all its threads, those that ended included, in nanoseconds.
     *
     * @throws NativeException EINVAL when there is no such process
     */
    public static long processCpuTimeNs(long pid) {
        return clockNs((~(int) pid << PROCESS_CLOCK_SHIFT) | CPUCLOCK_SCHED);
    }

    private static long clockNs(int clock) {
        MemorySegment time = TIME.get();
        try {
            int result = (int) CLOCK_GETTIME.invokeExact(Libc.errnoState(), clock, time);
            if (result < 0) {
                throw Libc.failed("clock_gettime");
            }
            return time.get(ValueLayout.JAVA_LONG, 0) * NS_PER_S + time.get(ValueLayout.JAVA_LONG, Long.BYTES);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static MethodHandle affinity(String name) {
        return Libc.capturing(
                name,
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
    }
}
