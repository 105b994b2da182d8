package io.vnvme.control.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** How a daemon is reached: a connection for each request. */
interface Transport {
    /** Of one request and its reply. */
    interface Connection extends AutoCloseable {
        OutputStream out() throws IOException;

        InputStream in() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** @throws CliException when nobody is there, or nobody that may be trusted */
    Connection connect();

    /** What HTTP calls the host. */
    String host();

    /** Lines of the head, each with its end, that say who asks. */
    String credentials();
}
