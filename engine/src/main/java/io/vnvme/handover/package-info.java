/**
 * What must not close when a daemon ends is held by another process, which hands it to the next daemon.
 */
@NullMarked
package io.vnvme.handover;

import org.jspecify.annotations.NullMarked;
