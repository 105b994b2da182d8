/** How fast it is: measured loops over a socket and straight at a drive, beside what the machine's memory permits. */
@NullMarked
package io.vnvme.bench;

import org.jspecify.annotations.NullMarked;
