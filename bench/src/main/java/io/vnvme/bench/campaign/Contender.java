package io.vnvme.bench.campaign;

import io.vnvme.bench.Sample;
import java.io.IOException;

/** Something that is measured beside others. */
interface Contender extends AutoCloseable {
    /** The name in tables and result files. */
    String name();

    /** Whether it can be measured there. */
    boolean takes(Point point);

    /** Measures once. */
    Sample measure(Point point, Span span) throws IOException;

    @Override
    default void close() throws IOException {}
}
