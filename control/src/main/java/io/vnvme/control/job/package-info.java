/** Long work: started by a request, followed and cancelled by others. */
@NullMarked
package io.vnvme.control.job;

import org.jspecify.annotations.NullMarked;
