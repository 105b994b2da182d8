/** Volumes that move while they are in use, on simulated drives. */
@NullMarked
package io.vnvme.testkit.migration;

import org.jspecify.annotations.NullMarked;
