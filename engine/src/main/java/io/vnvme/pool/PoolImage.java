package io.vnvme.pool;

import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.Root;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * A pool as it was read from its drives: made by {@link PoolLoader} on any thread, taken over by a {@link Pool}.
 */
public final class PoolImage {
    private final PoolConfig config;
    private final Root root;
    private final long generation;
    private final Layers layers;
    private final Notes notes;
    private final ClusterSpace space;
    private final MetadataPages pages;
    private final long journalEnd;
    private final long journalSequence;
    private final List<String> findings;
    private final long newestEpoch;
    private final Set<UUID> newestAtStart;

    PoolImage(
            PoolConfig config,
            Root root,
            long generation,
            Layers layers,
            Notes notes,
            ClusterSpace space,
            MetadataPages pages,
            long journalEnd,
            long journalSequence,
            List<String> findings,
            long newestEpoch,
            Set<UUID> newestAtStart) {
        this.config = config;
        this.root = root;
        this.generation = generation;
        this.layers = layers;
        this.notes = notes;
        this.space = space;
        this.pages = pages;
        this.journalEnd = journalEnd;
        this.journalSequence = journalSequence;
        this.findings = List.copyOf(findings);
        this.newestEpoch = newestEpoch;
        this.newestAtStart = Set.copyOf(newestAtStart);
    }

    public PoolConfig config() {
        return config;
    }

    /** True when the pool was closed, not cut off. */
    public boolean clean() {
        return root.clean();
    }

    /** What was noticed on the way that does no harm, a line each. */
    public List<String> findings() {
        return findings;
    }

    Root root() {
        return root;
    }

    /** The drives whose newest superblock is the one at their start. */
    Set<UUID> newestAtStart() {
        return newestAtStart;
    }

    /** The newest epoch that any load of the pool gave itself. */
    long newestEpoch() {
        return newestEpoch;
    }

    long generation() {
        return generation;
    }

    Layers layers() {
        return layers;
    }

    Notes notes() {
        return notes;
    }

    ClusterSpace space() {
        return space;
    }

    MetadataPages pages() {
        return pages;
    }

    /** Position behind the last frame that counts. */
    long journalEnd() {
        return journalEnd;
    }

    /** Sequence number of the next frame. */
    long journalSequence() {
        return journalSequence;
    }

    /** Gives its memory back, when no pool takes it over. */
    public void discard() {
        layers.leaves().close();
    }
}
