/** What a claimed backing device is to the layers above: one unit of work in, one status out. */
@NullMarked
package io.vnvme.drive;

import org.jspecify.annotations.NullMarked;
