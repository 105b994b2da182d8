/**
 * DH-HMAC-CHAP, the authentication of NVMe over Fabrics (NVM Express Base 2.0, 8.13.5): keys, messages, and what each end does with
 * them. Both ends are here, and nothing of transports: messages go in and out as bytes.
 */
@NullMarked
package io.vnvme.fabrics.auth;

import org.jspecify.annotations.NullMarked;
