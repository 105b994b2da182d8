/**
 * TLS 1.3 with pre-shared keys for NVMe/TCP (NVM Express TCP Transport 1.0, 3.6): keys as {@code nvme gen-tls-key} writes them,
 * and OpenSSL's libssl, since the JDK's TLS has no keys of that kind.
 */
@NullMarked
package io.vnvme.fabrics.tls;

import org.jspecify.annotations.NullMarked;
