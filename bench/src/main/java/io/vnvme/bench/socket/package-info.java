/** What the kernel's TCP on the loopback does for each way of asking it, without NVMe above it. */
@NullMarked
package io.vnvme.bench.socket;

import org.jspecify.annotations.NullMarked;
