/** The guest's address space: which IOVA is which memory, and the PRP and SGL walks over it. */
@NullMarked
package io.vnvme.memory;

import org.jspecify.annotations.NullMarked;
