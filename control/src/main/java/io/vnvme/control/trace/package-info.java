/** Traces of requests and jobs for a collector of OpenTelemetry. */
@NullMarked
package io.vnvme.control.trace;

import org.jspecify.annotations.NullMarked;
