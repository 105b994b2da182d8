package io.vnvme.control.auth;

import io.vnvme.control.model.Role;
import io.vnvme.control.model.SessionInfo;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Who asks.
 *
 * @param name for the audit log: a token's name, or {@code user NAME} over the Unix socket
 * @param via {@code socket}, {@code token} or {@code session}
 * @param csrf of a session
 * @param good whether they would still be let in: asked again by what lasts
 */
public record Caller(String name, Role role, String via, Optional<String> csrf, BooleanSupplier good) {
    /** Of the request that this thread works on; unbound where nobody has shown who they are. */
    public static final ScopedValue<Caller> CURRENT = ScopedValue.newInstance();

    /** Who the one of this thread is; {@code daemon} where nobody asked. */
    public static String currentName() {
        return CURRENT.isBound() ? CURRENT.get().name() : "daemon";
    }

    /** Somebody whom the permissions of the Unix socket let in. */
    public static Caller local(String user) {
        return new Caller("user " + user, Role.ADMIN, "socket", Optional.empty(), () -> true);
    }

    public SessionInfo info() {
        return new SessionInfo(name, role.text(), via, csrf.orElse(null));
    }
}
