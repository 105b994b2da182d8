/** The NVMe specification's structures: offsets, codes and typed access, and nothing that acts. */
@NullMarked
package io.vnvme.nvme.wire;

import org.jspecify.annotations.NullMarked;
