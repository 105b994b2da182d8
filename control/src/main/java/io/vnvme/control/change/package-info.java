/** What changed, for clients that follow it: resources are compared with what they were at the look before. */
@NullMarked
package io.vnvme.control.change;

import org.jspecify.annotations.NullMarked;
