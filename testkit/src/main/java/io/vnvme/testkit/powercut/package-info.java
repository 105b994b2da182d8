/** Cuts the power of simulated drives at every point of a workload, and checks what is left against a model. */
@NullMarked
package io.vnvme.testkit.powercut;

import org.jspecify.annotations.NullMarked;
