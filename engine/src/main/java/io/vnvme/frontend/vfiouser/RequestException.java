package io.vnvme.frontend.vfiouser;

import io.vnvme.os.NativeException;

/** A request that is answered with an error; the connection goes on. */
final class RequestException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int errno;

    RequestException(int errno, String message) {
        super(message, null, false, false);
        this.errno = errno;
    }

    /** A call into the kernel that failed for what the client asked of it. */
    RequestException(NativeException failure) {
        this(failure.errno(), failure.toString());
    }

    /** What the reply says, one of {@link io.vnvme.os.Errno}. */
    int errno() {
        return errno;
    }
}
