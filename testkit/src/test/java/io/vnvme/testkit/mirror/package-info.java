/** Mirrors whose drives fail, come back and lose power, against a model. */
@NullMarked
package io.vnvme.testkit.mirror;

import org.jspecify.annotations.NullMarked;
