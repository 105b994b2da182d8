/** What a daemon is told at its start: by options, and by one file. */
@NullMarked
package io.vnvme.control.config;

import org.jspecify.annotations.NullMarked;
