package io.vnvme.testkit.driver;

import io.vnvme.testkit.ram.Buffer;
import java.util.List;

/**
 * What a command says about where its data is, and the lists in guest memory that go with it.
 *
 * @param psdt PRP or SGL for Data Transfer
 * @param lists PRP list pages or SGL segments, in use until the command has completed
 */
public record DataPointer(long low, long high, int psdt, List<Buffer> lists) implements AutoCloseable {
    /** Gives the lists back. */
    @Override
    public void close() {
        lists.forEach(Buffer::close);
    }
}
