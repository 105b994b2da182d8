/** A range of logical blocks carved from drives: what a namespace reads and writes. */
@NullMarked
package io.vnvme.volume;

import org.jspecify.annotations.NullMarked;
