/**
 * Drives joined to a pool, and the volumes, snapshots and clones in it.
 *
 * <p>A request comes in at {@link io.vnvme.pool.PoolVolume}, finds its clusters in the {@code Layer}s, and goes to the
 * sets of drives. What changes about the maps reaches the drives by {@code Commit} (journal) and {@code Checkpoint};
 * {@link io.vnvme.pool.PoolLoader} reads it back. docs/formats/pool.md has the whole.
 */
@NullMarked
package io.vnvme.pool;

import org.jspecify.annotations.NullMarked;
