package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * A request that was meant to change something.
 *
 * @param number counts up by 1, over restarts of the daemon too
 * @param at when it came, RFC 3339
 * @param who name of the token, or {@code user NAME} over the Unix socket; {@code -}: nobody who is known
 * @param via {@code socket}, {@code token} or {@code session}; {@code -} for who could not sign in
 * @param from address of the client over TCP; {@code -} on the Unix socket
 * @param what method, path, and those fields of its body that say which and how much; never a secret
 * @param status HTTP status of the answer; absent: it is under way, or the daemon ended before it had one
 * @param micros how long it took, in microseconds; absent as the status is
 */
@Json
public record AuditInfo(
        long number,
        String at,
        String who,
        String via,
        String from,
        String what,
        @Nullable Integer status,
        @Nullable Long micros) {
    /** The same request with its answer. */
    public AuditInfo answered(int status, long micros) {
        return new AuditInfo(number, at, who, via, from, what, status, micros);
    }
}
