/** A CRC32C for each 4 KiB of data, kept beside it: what finds out that a drive gives back something else than it got. */
@NullMarked
package io.vnvme.pool.checksum;

import org.jspecify.annotations.NullMarked;
