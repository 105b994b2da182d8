package io.vnvme.control.plane;

import io.vnvme.frontend.vfiouser.ControllerFactory;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.qos.Turn;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One client's controller, towards the services: called on any thread, carried out by the reactor that it is at. */
final class EngineConnection implements DataPlane.Connection {
    private static final Logger LOG = System.getLogger(EngineConnection.class.getName());

    private final Home home;
    private final EngineDataPlane dataPlane;
    private final EngineExport export;
    private final Controller controller;
    private final Client client;
    /** Another process will read there what is shown, and behind the first end of line the memo. */
    private final ControllerFactory.Note note;

    private volatile String memo = "";
    private volatile boolean open = true;
    private volatile @Nullable String shown;
    /** Whose namespace it has, or had last: some of its commands may still be there. */
    private volatile EnginePool pool;

    /**
     * Who is at the other end.
     *
     * @param pid of a client of the vfio-user socket
     * @param host NQN of a host over TCP, or nothing
     */
    record Client(long pid, String host) {}

    /** On the reactor of {@code home}. */
    EngineConnection(
            Home home,
            EngineDataPlane dataPlane,
            EngineExport export,
            Controller controller,
            Turn turn,
            Client client,
            ControllerFactory.Note note) {
        this.note = note;
        this.home = home;
        this.dataPlane = dataPlane;
        this.export = export;
        this.controller = controller;
        this.client = client;
        this.shown = export.name();
        this.pool = export.pool();
        home.add(new TurnOfReactor(dataPlane.engineReactors(), turn));
    }

    /** On the reactor: writes down what another process needs to know. */
    void takeNote() {
        note.set(Objects.requireNonNullElse(shown, "") + "\n" + memo);
    }

    /**
     * On the reactor: reads what another process has written down.
     *
     * @return the vNVMe that the client was shown; nothing for a parked controller
     */
    Optional<String> readNote() {
        String text = note.get();
        int end = text.indexOf('\n');
        memo = end < 0 ? "" : text.substring(end + 1);
        String name = end < 0 ? export.name() : text.substring(0, end);
        shown = null;
        return name.isEmpty() ? Optional.empty() : Optional.of(name);
    }

    /** On the reactor: the controller has the namespace of the vNVMe whose socket its client is connected to. */
    void shows() {
        shown = export.name();
    }

    /** Whether such a vNVMe is served. */
    boolean serves(String vnvme) {
        return dataPlane.find(vnvme).isPresent();
    }

    /**
     * Shows what another process showed, and lets the controller go on. A vNVMe that is there no more is as one that was
     * detached: its guest's commands fail.
     */
    void goOn(Optional<String> name, Runnable resume) {
        try {
            name.flatMap(dataPlane::find)
                    .ifPresent(wanted ->
                            dataPlane.moves().together(this, wanted.pool(), () -> show(wanted, wanted::unshown)));
        } catch (RuntimeException e) {
            LOG.log(
                    Level.ERROR,
                    "process %d has lost vNVMe %s: it could not be shown again"
                            .formatted(client.pid(), name.orElse("")),
                    e);
        }
        onReactor(
                () -> {
                    resume.run();
                    return true;
                },
                true);
    }

    @Override
    public String memo() {
        return memo;
    }

    @Override
    public void memo(String text) {
        onReactor(
                () -> {
                    memo = text;
                    takeNote();
                    return true;
                },
                true);
    }

    /** The controller's turn among those of the reactor that it is at. */
    private record TurnOfReactor(Reactors reactors, Turn turn) implements Home.Resident {
        @Override
        public boolean settled() {
            return true;
        }

        @Override
        public void leave() {
            // It has nothing there.
        }

        @Override
        public void enter(Reactor reactor) {
            turn.enter(reactors.of(reactor).scheduler());
        }
    }

    /** On the reactor: the client is gone, and its controller is about to be closed. */
    void ended() {
        open = false;
        shown = null;
        export.ended(this);
    }

    Home home() {
        return home;
    }

    EnginePool pool() {
        return pool;
    }

    /** What it shows is in that pool from now on. On the reactor. */
    void moved(EnginePool target) {
        pool = target;
    }

    /** Whether none of its commands is with a volume. */
    boolean quiescent() {
        return onReactor(controller::quiescent, true);
    }

    @Override
    public long pid() {
        return client.pid();
    }

    @Override
    public Optional<String> host() {
        return client.host().isEmpty() ? Optional.empty() : Optional.of(client.host());
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
        EngineExport wanted = dataPlane.require(vnvme);
        dataPlane.moves().together(this, wanted.pool(), () -> show(wanted, wanted::freeForVm));
    }

    /** Both are at the same reactor, and stay there meanwhile. */
    private void show(EngineExport wanted, BooleanSupplier free) {
        boolean done = onReactor(
                () -> {
                    if (!free.getAsBoolean()) {
                        throw new IllegalStateException("%s is shown to another client".formatted(wanted.name()));
                    }
                    wanted.show(controller);
                    shown = wanted.name();
                    pool = wanted.pool();
                    takeNote();
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
                        controller.access().close();
                        controller.namespaces().detach(namespace.nsid());
                        shown = null;
                        takeNote();
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
        return open ? home.call(() -> open ? call.call() : whenGone) : whenGone;
    }
}
