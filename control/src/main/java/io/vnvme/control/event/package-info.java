/** What happened, numbered, so that nobody misses it. */
@NullMarked
package io.vnvme.control.event;

import org.jspecify.annotations.NullMarked;
