/** The lab itself: that a guest starts, takes commands, restarts and ends. */
@NullMarked
package io.vnvme.testkit.lab;

import org.jspecify.annotations.NullMarked;
