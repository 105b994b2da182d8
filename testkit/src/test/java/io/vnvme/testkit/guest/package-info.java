/** The engine under real guests: Linux, UEFI and BIOS drivers in the lab's VMs use vNVMes of an engine in this process. */
@NullMarked
package io.vnvme.testkit.guest;

import org.jspecify.annotations.NullMarked;
