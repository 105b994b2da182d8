/** The simulation of power cuts: that it passes what is right and catches what is wrong. */
@NullMarked
package io.vnvme.testkit.powercut;

import org.jspecify.annotations.NullMarked;
