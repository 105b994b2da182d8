package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.vnvme.control.auth.Doorkeeper;
import io.vnvme.control.auth.Tokens;
import io.vnvme.control.model.CreateToken;
import io.vnvme.control.model.NewToken;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.TokenInfo;
import java.util.List;

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
     * @return all of them, in the order of creation
     */
    @Get
    @Allowed(Role.ADMIN)
    List<TokenInfo> list() {
        return tokens.list();
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
