/** The controller against the specification, through a guest's driver. */
@NullMarked
package io.vnvme.testkit.nvme;

import org.jspecify.annotations.NullMarked;
