/** Who changed what: a record of every request that was meant to change something. */
@NullMarked
package io.vnvme.control.audit;

import org.jspecify.annotations.NullMarked;
