package io.vnvme.pool;

/** Takes ranges of a volume, in rising order, none touching the one before. On the pool's reactor. */
@FunctionalInterface
public interface RangeSink {
    void range(long offsetBytes, long lengthBytes);
}
