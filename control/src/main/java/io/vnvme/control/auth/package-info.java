/** Who asks, and what they may do: tokens, sessions of browsers, the certificate. */
@NullMarked
package io.vnvme.control.auth;

import org.jspecify.annotations.NullMarked;
