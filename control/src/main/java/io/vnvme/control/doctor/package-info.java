/** What a host has to have for the daemon to work well, checked one by one; and all of it packed for whoever helps. */
@NullMarked
package io.vnvme.control.doctor;

import org.jspecify.annotations.NullMarked;
