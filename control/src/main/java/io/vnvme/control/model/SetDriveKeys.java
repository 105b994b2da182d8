package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Keys by which this daemon and the target of a remote drive show each other who they are. What is absent stays as it is, an empty
 * text removes.
 *
 * @param dhchap this daemon's key for DH-HMAC-CHAP, {@code DHHC-1:...}: the one that the target has for it
 * @param controller the target's own towards this daemon, likewise; with it, a target that does not show it is not used
 * @param tls the key of both for TLS, {@code NVMeTLSkey-1:...}
 */
@Json
public record SetDriveKeys(
        @Nullable String dhchap,
        @Nullable String controller,
        @Nullable String tls) {
    /** Removes all. */
    public static final SetDriveKeys NONE = new SetDriveKeys("", "", "");

    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "SetDriveKeys[]";
    }
}
