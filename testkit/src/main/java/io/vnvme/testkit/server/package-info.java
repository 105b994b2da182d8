/** A drive served over its socket in this process, without the control plane: what front end and guest tests talk to. */
@NullMarked
package io.vnvme.testkit.server;

import org.jspecify.annotations.NullMarked;
