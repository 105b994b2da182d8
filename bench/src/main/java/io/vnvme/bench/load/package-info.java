/** What every way to drive a disk has in common, so that each is measured with the same words and the same clock. */
@NullMarked
package io.vnvme.bench.load;

import org.jspecify.annotations.NullMarked;
