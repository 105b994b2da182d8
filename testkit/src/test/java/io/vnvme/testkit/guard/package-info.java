/** Volumes with checksums and encryption, on drives that lie. */
@NullMarked
package io.vnvme.testkit.guard;

import org.jspecify.annotations.NullMarked;
