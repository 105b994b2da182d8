/** The guest lab: real virtual machines under QEMU, started, commanded and ended by tests and by the demo. */
@NullMarked
package io.vnvme.testkit.lab;

import org.jspecify.annotations.NullMarked;
