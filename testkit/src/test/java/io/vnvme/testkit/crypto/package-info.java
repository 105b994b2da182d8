/** Damaged key slots. */
@NullMarked
package io.vnvme.testkit.crypto;

import org.jspecify.annotations.NullMarked;
