/** Drives in the host's memory. */
@NullMarked
package io.vnvme.drive.ram;

import org.jspecify.annotations.NullMarked;
