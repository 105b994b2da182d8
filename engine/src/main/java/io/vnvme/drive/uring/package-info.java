/**
 * Drives that are a file or a block device, by io_uring: the kernel moves bytes straight between the device and the
 * guest's own pages.
 */
@NullMarked
package io.vnvme.drive.uring;

import org.jspecify.annotations.NullMarked;
