package io.vnvme.pool.mirror;

/** Which parts of a mirror have content: the rest is neither copied nor compared. */
public interface AllocatedRanges {
    /** Everything. */
    AllocatedRanges ALL = new AllocatedRanges() {
        @Override
        public long next(long fromBytes) {
            return fromBytes;
        }

        @Override
        public long end(long fromBytes) {
            return Long.MAX_VALUE;
        }
    };

    /** First byte with content at {@code fromBytes} or after it; {@link Long#MAX_VALUE} when there is none. */
    long next(long fromBytes);

    /** End of the run of content that {@code fromBytes} lies in. */
    long end(long fromBytes);
}
