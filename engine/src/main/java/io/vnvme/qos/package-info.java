/** How much each vNVMe may do, and whose turn it is: limits, groups of vNVMes, shares by weight. */
@NullMarked
package io.vnvme.qos;

import org.jspecify.annotations.NullMarked;
