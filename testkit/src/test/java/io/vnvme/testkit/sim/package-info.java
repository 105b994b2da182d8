/** The simulated drives are what they say. */
@NullMarked
package io.vnvme.testkit.sim;

import org.jspecify.annotations.NullMarked;
