/** The engine as the services see it: drives, pools and served vNVMes, by blocking calls from any thread. */
@NullMarked
package io.vnvme.control.plane;

import org.jspecify.annotations.NullMarked;
