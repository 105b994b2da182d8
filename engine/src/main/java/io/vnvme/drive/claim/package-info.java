/**
 * What is to be known of a device or file before the daemon takes it: what lies on it, who uses it, who it is. And after:
 * where it is now.
 */
@NullMarked
package io.vnvme.drive.claim;

import org.jspecify.annotations.NullMarked;
