/** The PCI front end: an NVMe controller shown to a virtual machine over a vfio-user socket. */
@NullMarked
package io.vnvme.frontend.vfiouser;

import org.jspecify.annotations.NullMarked;
