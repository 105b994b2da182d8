/** Desired state: one file that is replaced atomically. */
@NullMarked
package io.vnvme.control.store;

import org.jspecify.annotations.NullMarked;
