package io.vnvme.pool;

import org.jspecify.annotations.Nullable;

/** Told when an operation is durable, or that it was refused or failed. On the pool's reactor. */
@FunctionalInterface
public interface Done {
    /** @param failure null: it happened, and will have happened after any crash */
    void done(@Nullable PoolException failure);
}
