/** The command line: a client of the API, and the command that starts the daemon. */
@NullMarked
package io.vnvme.control.cli;

import org.jspecify.annotations.NullMarked;
