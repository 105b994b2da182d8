/** Other daemons, as this one asks them: over TLS, by a certificate and a token that an administrator gave. */
@NullMarked
package io.vnvme.control.peer;

import org.jspecify.annotations.NullMarked;
