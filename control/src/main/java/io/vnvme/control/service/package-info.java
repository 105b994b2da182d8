/** What an administrator does, as named steps that leave nothing half made. */
@NullMarked
package io.vnvme.control.service;

import org.jspecify.annotations.NullMarked;
