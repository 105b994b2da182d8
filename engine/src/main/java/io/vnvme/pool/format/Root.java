package io.vnvme.pool.format;

import java.util.Arrays;
import java.util.Objects;

/**
 * Where a pool's metadata begins: the checkpoint that a superblock commits to, and where the journal goes on from it.
 *
 * @param epoch counts loads of the pool; journal frames of another epoch mean nothing
 * @param journalSet index of the set whose journal area is in use
 * @param journalStart position of the first frame to replay, in bytes from the beginning of time; modulo the journal's
 *     size it is the place
 * @param journalSequence sequence number of that frame
 * @param clean true when nothing follows the checkpoint: the pool was closed
 * @param catalogBytes length of the catalog
 * @param catalogChecksum CRC32C of the catalog
 * @param catalogClusters the clusters that hold it, in order
 */
@SuppressWarnings("ArrayRecordComponent")
public record Root(
        long epoch,
        int journalSet,
        long journalStart,
        long journalSequence,
        boolean clean,
        long catalogBytes,
        int catalogChecksum,
        int[] catalogClusters) {
    /** Most clusters that a catalog takes: nearly 16 MiB. */
    public static final int CATALOG_CLUSTERS_MAX = 254;

    /** The same with its journal on another set. */
    public Root onJournalSet(int set) {
        return new Root(
                epoch, set, journalStart, journalSequence, clean, catalogBytes, catalogChecksum, catalogClusters);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Root root
                && epoch == root.epoch
                && journalSet == root.journalSet
                && journalStart == root.journalStart
                && journalSequence == root.journalSequence
                && clean == root.clean
                && catalogBytes == root.catalogBytes
                && catalogChecksum == root.catalogChecksum
                && Arrays.equals(catalogClusters, root.catalogClusters);
    }

    @Override
    public int hashCode() {
        return Objects.hash(epoch, journalStart, journalSequence, catalogChecksum);
    }
}
