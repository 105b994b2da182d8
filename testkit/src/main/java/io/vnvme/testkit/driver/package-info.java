/** An NVMe driver as a guest has one: the life cycle, queues, data pointers, and a polled path faster than any device. */
@NullMarked
package io.vnvme.testkit.driver;

import org.jspecify.annotations.NullMarked;
