/** The REST API: routes over a Unix socket, and errors as problem details. */
@NullMarked
package io.vnvme.control.api;

import org.jspecify.annotations.NullMarked;
