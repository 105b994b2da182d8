/** Volumes to and from files of disk images. */
@NullMarked
package io.vnvme.control.transfer;

import org.jspecify.annotations.NullMarked;
