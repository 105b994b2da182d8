/** NVMe/TCP on the loopback, beside an echo of the same bytes. */
@NullMarked
package io.vnvme.bench.tcp;

import org.jspecify.annotations.NullMarked;
