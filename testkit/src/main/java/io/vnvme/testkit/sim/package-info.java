/** A world that a test owns: time that moves when told, and a drive that is slow, out of order, and fails on demand. */
@NullMarked
package io.vnvme.testkit.sim;

import org.jspecify.annotations.NullMarked;
