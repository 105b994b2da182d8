/** io_uring: requests to the kernel and its answers in two rings of shared memory, a batch for one system call. */
@NullMarked
package io.vnvme.os.uring;

import org.jspecify.annotations.NullMarked;
