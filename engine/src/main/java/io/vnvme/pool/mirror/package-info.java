/** Several drives with the same bytes, used as one: redundancy, write intent, rebuild and comparison. */
@NullMarked
package io.vnvme.pool.mirror;

import org.jspecify.annotations.NullMarked;
