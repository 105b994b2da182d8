/** The way that vNVMe is compared with: QEMU's own block layer, served by qemu-storage-daemon and driven by libblkio. */
@NullMarked
package io.vnvme.bench.peer;

import org.jspecify.annotations.NullMarked;
