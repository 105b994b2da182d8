/** What lies on the drives of a pool, byte by byte: docs/formats/pool.md in code. Nothing here does I/O. */
@NullMarked
package io.vnvme.pool.format;

import org.jspecify.annotations.NullMarked;
