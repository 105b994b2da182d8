/** The thread that owns queue pairs: polls, runs to completion, sleeps when there is nothing to do. */
@NullMarked
package io.vnvme.reactor;

import org.jspecify.annotations.NullMarked;
