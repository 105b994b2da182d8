/** What {@code ./dev bench} runs: an engine in a process of its own against its limits, and what it costs to have many drives. */
@NullMarked
package io.vnvme.bench.campaign;

import org.jspecify.annotations.NullMarked;
