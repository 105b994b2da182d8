/** What thin volumes cost: beside the drive below them, after snapshots, in time to import and in memory. */
@NullMarked
package io.vnvme.bench.pool;

import org.jspecify.annotations.NullMarked;
