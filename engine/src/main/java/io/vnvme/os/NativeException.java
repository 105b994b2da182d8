package io.vnvme.os;

/** A call into the kernel failed; the message names the call, libc's sentence and the error's symbol. */
public final class NativeException extends RuntimeException {
    private final int errno;

    /** @param call what was tried, such as {@code mmap} or {@code bind /run/vnvme/api.sock} */
    public NativeException(String call, int errno) {
        super(call + ": " + Errno.message(errno) + " (" + Errno.name(errno) + ")");
        this.errno = errno;
    }

    /** One of {@link Errno}. */
    public int errno() {
        return errno;
    }
}
