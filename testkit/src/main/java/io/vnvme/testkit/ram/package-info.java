/** The memory of a guest, in the shapes that different hosts give it: one region, many, with gaps, with small pages. */
@NullMarked
package io.vnvme.testkit.ram;

import org.jspecify.annotations.NullMarked;
