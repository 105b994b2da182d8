package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.avaje.http.api.QueryParam;
import io.vnvme.control.model.AddPeer;
import io.vnvme.control.model.PeerInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Migrations;
import io.vnvme.control.service.Peers;
import io.vnvme.control.service.Services;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Other daemons that this one may ask, to send VMs there. */
@Controller
@Path("/api/v1/peers")
final class PeerController {
    private final Peers peers;
    private final Migrations migrations;

    PeerController(Services services) {
        this.peers = services.peers();
        this.migrations = services.migrations();
    }

    /**
     * Lists peers; each is asked how it is, for two seconds at most.
     *
     * @return all of them, in the order of names
     */
    @Get
    @Allowed(Role.VIEWER)
    List<PeerInfo> list() {
        return peers.list();
    }

    /**
     * Shows a peer, which is asked how it is.
     *
     * @param name its name
     * @return the peer
     */
    @Get("/{name}")
    @Allowed(Role.VIEWER)
    PeerInfo show(String name) {
        return peers.show(name);
    }

    /**
     * Makes another daemon known: it has to answer, and to let this one in.
     *
     * @param request where it is, and what lets this daemon in there
     * @return the peer, with the fingerprint of the certificate that it shows
     */
    @Post
    @Produces(statusCode = 201)
    @Allowed(Role.ADMIN)
    PeerInfo add(AddPeer request) {
        return peers.add(request);
    }

    /**
     * Forgets a peer, and the token that let this daemon in there.
     *
     * @param name its name
     * @param lost its host is gone for good: a VM that it may have taken goes on here; absent: then it is not forgotten
     * @return what was known of it
     */
    @Delete("/{name}")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    PeerInfo remove(String name, @QueryParam @Nullable Boolean lost) {
        if (!Boolean.TRUE.equals(lost)) {
            migrations.checkForgotten(name);
        }
        return peers.remove(name);
    }
}
