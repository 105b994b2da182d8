package io.vnvme.control.plane;

import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.os.PeerCredentials;
import io.vnvme.reactor.Reactor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** One client's controller, towards the services: called on any thread, carried out by the controller's reactor. */
final class EngineConnection implements DataPlane.Connection {
    private final Reactor reactor;
    private final EngineDataPlane dataPlane;
    private final EngineExport home;
    private final Controller controller;
    private final PeerCredentials peer;
    private volatile boolean open = true;
    private volatile @Nullable String shown;

    EngineConnection(
            Reactor reactor,
            EngineDataPlane dataPlane,
            EngineExport home,
            Controller controller,
            PeerCredentials peer) {
        this.reactor = reactor;
        this.dataPlane = dataPlane;
        this.home = home;
        this.controller = controller;
        this.peer = peer;
        this.shown = home.name();
    }

    /** On the reactor: the client is gone, and its controller is about to be closed. */
    void ended() {
        open = false;
        shown = null;
        home.ended(this);
    }

    @Override
    public long pid() {
        return peer.pid();
    }

    @Override
    public int controllerId() {
        return controller.controllerId();
    }

    @Override
    public boolean open() {
        return open;
    }

    @Override
    public boolean ready() {
        return onReactor(controller::ready, false);
    }

    @Override
    public Optional<String> failure() {
        return onReactor(() -> Optional.ofNullable(controller.failure()), Optional.empty());
    }

    @Override
    public List<String> shown() {
        String name = shown;
        return name == null ? List.of() : List.of(name);
    }

    @Override
    public void show(String vnvme) {
        Namespace namespace = dataPlane.require(vnvme).namespace();
        boolean done = onReactor(
                () -> {
                    if (!namespace.controllers().isEmpty()) {
                        throw new IllegalStateException("%s is shown to another client".formatted(vnvme));
                    }
                    controller.namespaces().attach(namespace);
                    shown = vnvme;
                    return true;
                },
                false);
        if (!done) {
            throw new IllegalStateException("the client is gone");
        }
    }

    @Override
    public void hide(String vnvme) {
        Namespace namespace = dataPlane.require(vnvme).namespace();
        onReactor(
                () -> {
                    if (controller.namespaces().find(namespace.nsid()) == namespace) {
                        controller.namespaces().detach(namespace.nsid());
                        shown = null;
                    }
                    return true;
                },
                true);
    }

    @Override
    public boolean settled() {
        return onReactor(() -> controller.namespaces().seen() && controller.quiescent(), true);
    }

    private <T> T onReactor(Callable<T> call, T whenGone) {
        return open ? reactor.call(() -> open ? call.call() : whenGone) : whenGone;
    }
}
