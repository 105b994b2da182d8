/** The way that vNVMe is compared with: QEMU's block layer, served by qemu-storage-daemon, driven by libblkio. */
@NullMarked
package io.vnvme.bench.peer;

import org.jspecify.annotations.NullMarked;
