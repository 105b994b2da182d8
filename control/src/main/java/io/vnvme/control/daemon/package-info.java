/** The daemon process: start-up, clean shutdown, one at a time. */
@NullMarked
package io.vnvme.control.daemon;

import org.jspecify.annotations.NullMarked;
