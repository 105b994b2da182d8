/** Takes a volume elsewhere while it is in use: what changes is tracked, copied in rounds, and switched to. */
@NullMarked
package io.vnvme.migration;

import org.jspecify.annotations.NullMarked;
