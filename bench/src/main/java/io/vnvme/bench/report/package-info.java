/** What the demo found, and every form in which it is handed over: JSON, a page, a picture, a table. */
@NullMarked
package io.vnvme.bench.report;

import org.jspecify.annotations.NullMarked;
