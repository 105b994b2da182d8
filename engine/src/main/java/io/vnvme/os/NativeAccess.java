package io.vnvme.os;

/** Whether this process can call the kernel at all. */
public final class NativeAccess {
    private NativeAccess() {}

    /**
     * To be called first, so that what is missing is said in one line and not as the failure of some class.
     *
     * @throws UnsupportedOperationException with what is missing and what to do about it
     */
    public static void require() {
        try {
            // The youngest call of all that are needed.
            try (Epoll epoll = new Epoll()) {
                epoll.await(0);
            }
        } catch (ExceptionInInitializerError e) {
            if (e.getCause() instanceof UnsupportedOperationException cause) {
                throw cause;
            }
            throw e;
        }
    }
}
