package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.helidon.http.HeaderNames;
import io.helidon.http.SetCookie;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.audit.AuditLog;
import io.vnvme.control.auth.Caller;
import io.vnvme.control.auth.Doorkeeper;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SessionInfo;
import io.vnvme.control.model.SignIn;
import java.time.Instant;

/** Who asks, and how browsers sign in and out. */
@Controller
@Path("/api/v1/session")
final class SessionController {
    private final Doorkeeper doorkeeper;
    private final AuditLog audit;

    SessionController(Doorkeeper doorkeeper, AuditLog audit) {
        this.doorkeeper = doorkeeper;
        this.audit = audit;
    }

    /**
     * Says who asks, and what they may do.
     *
     * @return who asks
     */
    @Get
    @Allowed(Role.VIEWER)
    SessionInfo show() {
        return Caller.CURRENT.get().info();
    }

    /**
     * Signs a browser in: sets a cookie that no script sees.
     *
     * @param request the secret of a token
     * @return who it is from now on
     */
    @Post
    @Produces(statusCode = 201)
    @Anyone
    SessionInfo signIn(SignIn request, ServerRequest http, ServerResponse response) {
        String secret = request.token();
        if (secret == null || secret.isBlank()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "no token: send its secret");
        }
        String cookie = doorkeeper.signIn(secret.strip(), Entrance.address(http));
        response.header(HeaderNames.SET_COOKIE, cookie(cookie).build().text());
        SessionInfo session = doorkeeper.session(cookie).orElseThrow().info();
        audit.signedIn(session.name(), Entrance.address(http));
        return session;
    }

    /**
     * Signs a browser out.
     *
     * @return who it was
     */
    @Delete
    @Produces(statusCode = 200)
    @Allowed(Role.VIEWER)
    SessionInfo signOut(ServerRequest http, ServerResponse response) {
        SessionInfo was = Caller.CURRENT.get().info();
        Entrance.cookie(http).ifPresent(doorkeeper::signOut);
        response.header(
                HeaderNames.SET_COOKIE,
                cookie("").expires(Instant.EPOCH).build().text());
        return was;
    }

    /** It lasts as long as the browser; the daemon ends it earlier. */
    private static SetCookie.Builder cookie(String value) {
        return SetCookie.builder(Entrance.COOKIE, value)
                .path("/")
                .httpOnly(true)
                .secure(true)
                .sameSite(SetCookie.SameSite.STRICT);
    }
}
