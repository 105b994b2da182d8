package io.vnvme.os;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The error numbers of Linux (asm-generic/errno-base.h, errno.h) that this code tells apart, and the words for all. */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int E2BIG = 7;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int EINVAL = 22;
    public static final int EMFILE = 24;
    public static final int ENOTTY = 25;
    public static final int ENOSPC = 28;
    public static final int EROFS = 30;
    public static final int EPIPE = 32;
    public static final int ENOSYS = 38;
    public static final int EPROTO = 71;
    public static final int ENOTSUP = 95;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ENOTCONN = 107;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTUNREACH = 113;
    public static final int EINPROGRESS = 115;

    private static final long TEXT_MAX_BYTES = 256;
    private static final MethodHandle STRERROR =
            Libc.plain("strerror", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle STRERRORNAME =
            Libc.plain("strerrorname_np", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private Errno() {}

    /** Symbolic name such as {@code ENOMEM}, or {@code errno N} for a number that libc does not know. */
    public static String name(int errno) {
        try {
            return text((MemorySegment) STRERRORNAME.invokeExact(errno), "errno " + errno);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** libc's sentence for the number, such as {@code Cannot allocate memory}. */
    public static String message(int errno) {
        try {
            return text((MemorySegment) STRERROR.invokeExact(errno), "Unknown error");
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static String text(MemorySegment pointer, String otherwise) {
        return pointer.address() == 0
                ? otherwise
                : pointer.reinterpret(TEXT_MAX_BYTES).getString(0);
    }
}
