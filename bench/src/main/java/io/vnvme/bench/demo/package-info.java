/** {@code vnvme demo}: shows the whole idea at work in a real guest, and measures it. */
@NullMarked
package io.vnvme.bench.demo;

import org.jspecify.annotations.NullMarked;
