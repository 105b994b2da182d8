/**
 * NVMe/TCP (NVM Express TCP Transport Specification 1.0): capsules and data over TCP connections become entries of queues that
 * this package keeps, in the host's place, for a controller.
 */
@NullMarked
package io.vnvme.frontend.tcp;

import org.jspecify.annotations.NullMarked;
