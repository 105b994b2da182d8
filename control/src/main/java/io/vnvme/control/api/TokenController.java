package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.avaje.http.api.QueryParam;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.auth.Doorkeeper;
import io.vnvme.control.auth.Tokens;
import io.vnvme.control.model.CreateToken;
import io.vnvme.control.model.NewToken;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.TokenInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tokens, which let programs and people in over TCP. */
@Controller
@Path("/api/v1/tokens")
final class TokenController {
    private final Tokens tokens;

    TokenController(Doorkeeper doorkeeper) {
        this.tokens = doorkeeper.tokens();
    }

    /**
     * Lists tokens, without their secrets.
     *
     * @param limit how many, 1 to 1000, in the order of names; absent: all, up to 1000
     * @param after only those with a name that comes later; absent: from the first
     * @return all of them, in the order of creation
     */
    @Get
    @Allowed(Role.ADMIN)
    List<TokenInfo> list(
            @QueryParam @Nullable Integer limit,
            @QueryParam @Nullable String after,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(tokens.list(), TokenInfo::name, limit, after, http, response);
    }

    /**
     * Creates a token. Its secret is in the answer, and never shown again.
     *
     * @param request for whom, and what they may do
     * @return the token and its secret
     */
    @Post
    @Produces(statusCode = 201)
    @Allowed(Role.ADMIN)
    NewToken create(CreateToken request) {
        return tokens.create(request);
    }

    /**
     * Removes a token: at once nobody is let in by it, and streams and sessions that it began end.
     *
     * @param name its name
     * @return the token as it was
     */
    @Delete("/{name}")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    TokenInfo remove(String name) {
        return tokens.remove(name);
    }
}
