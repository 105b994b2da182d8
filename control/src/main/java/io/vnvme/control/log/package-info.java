/** The daemon's log: its format, its levels, and how much one place may write. */
@NullMarked
package io.vnvme.control.log;

import org.jspecify.annotations.NullMarked;
