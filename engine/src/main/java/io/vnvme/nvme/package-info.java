/** The NVMe controller: registers, queues, admin and I/O commands, features, logs and events. */
@NullMarked
package io.vnvme.nvme;

import org.jspecify.annotations.NullMarked;
