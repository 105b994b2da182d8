/** Randomness that can be replayed: every generator and every fuzz round says the seed that brings it back. */
@NullMarked
package io.vnvme.testkit.seed;

import org.jspecify.annotations.NullMarked;
