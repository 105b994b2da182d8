package io.vnvme.pool;

/**
 * The space of a volume or snapshot, in bytes.
 *
 * @param used what it reads lies in so much space, whoever else reads it too; of a thick volume with what is set aside
 * @param exclusive what removing it gives back
 */
public record PoolUsage(long used, long exclusive) {
    /** What others read too. */
    public long shared() {
        return Math.max(0, used - exclusive);
    }
}
