/** Commands of {@code vnvme} that measure. */
@NullMarked
package io.vnvme.bench.command;

import org.jspecify.annotations.NullMarked;
