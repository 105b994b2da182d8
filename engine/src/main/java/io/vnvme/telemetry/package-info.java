/** What a reactor counts about its commands, by plain stores of its own thread, and how others read it. */
@NullMarked
package io.vnvme.telemetry;

import org.jspecify.annotations.NullMarked;
