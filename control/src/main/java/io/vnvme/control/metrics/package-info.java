/** What the daemon counts, for Prometheus. */
@NullMarked
package io.vnvme.control.metrics;

import org.jspecify.annotations.NullMarked;
