/** A vfio-user client over a real socket: everything that a hypervisor or a user-space driver sends, and garbage too. */
@NullMarked
package io.vnvme.testkit.client;

import org.jspecify.annotations.NullMarked;
