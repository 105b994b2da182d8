/** Limits, groups, weights and fairness under a clock that stands still until it is moved. */
@NullMarked
package io.vnvme.testkit.qos;

import org.jspecify.annotations.NullMarked;
