/** What the kernel offers, called directly: memory mappings, descriptors, sockets, affinity. */
@NullMarked
package io.vnvme.os;

import org.jspecify.annotations.NullMarked;
