/** An NVMe/TCP host: PDUs as they are on the wire, queues, and a controller; nothing of it is shared with the target. */
@NullMarked
package io.vnvme.testkit.tcp;

import org.jspecify.annotations.NullMarked;
