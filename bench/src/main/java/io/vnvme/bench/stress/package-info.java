/** What two threads do to each other in an instant, tried some hundred million times: run by {@code ./dev stress}. */
@NullMarked
package io.vnvme.bench.stress;

import org.jspecify.annotations.NullMarked;
