package io.vnvme.frontend.vfiouser;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.os.Epoll;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.PeerCredentials;
import io.vnvme.os.UnixSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Reactor;
import io.vnvme.reactor.Watch;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * One client from its connecting until all it used is given back.
 *
 * <p>Whatever goes wrong here - the client's doing or a defect of ours - ends this connection and nothing else.
 */
final class Connection implements Poller {
    /** Messages taken in one go, so that a client that sends without pause does not starve the others. */
    private static final int BURST = 16;
    /** More messages than a socket has room for. */
    private static final int WAITING_MAX = 4096;
    /** Under these names it is held. */
    private static final String SOCKET = "socket";

    static final String STATE = "state";

    private final VfioUserEndpoint endpoint;
    private final Home home;
    private final UnixSocket socket;
    private final ConnectionState state;
    private final Holder holder;
    private final PeerCredentials peer;
    private final Inbox inbox;
    private final Outbox outbox;
    private final DmaChannel dmaChannel;
    private final GuestMemory memory;
    private final DmaTable dma;
    private final Watch watch;
    private @Nullable PciFunction function;
    private @Nullable Dispatcher dispatcher;
    private @Nullable DeviceMigration migration;
    private boolean open = true;
    private volatile boolean active;

    /** @param holder keeps what is the connection's own for another process */
    Connection(VfioUserEndpoint endpoint, UnixSocket socket, Holder holder) {
        this(endpoint, socket, new ConnectionState(), holder);
        watch.events(Epoll.IN);
    }

    private Connection(VfioUserEndpoint endpoint, UnixSocket socket, ConnectionState state, Holder holder) {
        this.endpoint = endpoint;
        this.socket = socket;
        this.state = state;
        this.holder = holder;
        this.peer = socket.peer();
        inbox = new Inbox(socket, state, holder);
        outbox = new Outbox(socket, state);
        dmaChannel = new DmaChannel(outbox, state);
        memory = new GuestMemory(dmaChannel);
        dma = new DmaTable(memory, endpoint.reclaimer(), state, holder);
        home = new Home(endpoint.home().reactor());
        home.add(new Registrations());
        watch = home.watch(socket.fd(), 0, this::ready);
    }

    /**
     * The connection that another process served. It waits for its controller's factory to call {@link #resume}.
     *
     * @return null when the factory does not serve it
     * @throws RuntimeException when what is held is not whole, or not of a version that is known
     */
    static @Nullable Connection adopt(VfioUserEndpoint endpoint, Holder holder, Held held) {
        Fd socketFd = held.take(SOCKET).orElseThrow(() -> new IllegalStateException("its socket is not held"));
        UnixSocket socket = UnixSocket.adopt(socketFd);
        Connection connection;
        try {
            ConnectionState state = new ConnectionState(
                    held.take(STATE).orElseThrow(() -> new IllegalStateException("its state is not held")));
            connection = new Connection(endpoint, socket, state, holder);
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
        try {
            if (connection.adopt(held)) {
                return connection;
            }
        } catch (RuntimeException e) {
            connection.end("not adopted: " + e.getMessage());
            throw e;
        }
        connection.end("its vNVMe is not served");
        return null;
    }

    private boolean adopt(Held held) {
        dma.adopt(held);
        inbox.adopt(held);
        if (inbox.complete() && inbox.message() == Outbox.answered(state)) {
            // Before anything is published: that says anew up to which message all are answered.
            inbox.done();
        }
        dmaChannel.transferMax(state.getInt(ConnectionState.TRANSFER_MAX));
        PciFunction adopted = PciFunction.adopt(endpoint.surroundings(this, memory), held);
        if (adopted == null) {
            return false;
        }
        function = adopted;
        migration = new DeviceMigration(adopted, dmaChannel, state, true);
        active = true;
        return true;
    }

    /** On the reactor: goes on where the other process ended, at whatever instruction that was. */
    void resume() {
        PciFunction adopted = function;
        if (!open || adopted == null) {
            return;
        }
        try {
            Dispatcher answering = answering(adopted);
            migration().adopt();
            boolean begun = inbox.complete();
            answering.adopt(begun ? Header.id(inbox.header()) : Dispatcher.NONE);
            if (begun) {
                message(true);
            }
            watch.events(Epoll.IN);
            flush();
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    private Dispatcher answering(PciFunction served) {
        Dispatcher made = new Dispatcher(outbox, served, dma, state, new MigrationCommands(migration(), memory));
        dispatcher = made;
        return made;
    }

    /** @throws IllegalStateException when the client has no controller, or has gone */
    DeviceMigration migration() {
        DeviceMigration current = migration;
        if (!open || current == null) {
            throw new IllegalStateException("the client is gone");
        }
        return current;
    }

    GuestMemory memory() {
        return memory;
    }

    /** The same as for {@link #migration}. */
    IrqTable irqs() {
        PciFunction current = function;
        if (!open || current == null) {
            throw new IllegalStateException("the client is gone");
        }
        return current.irqs();
    }

    ConnectionState state() {
        return state;
    }

    Holder holder() {
        return holder;
    }

    /** What the rings of a reactor keep for the guest's memory stays there, and is made anew where it is used. */
    private final class Registrations implements Home.Resident {
        @Override
        public boolean settled() {
            return true;
        }

        @Override
        public void leave() {
            dma.forEachRegion(Region::leave);
        }

        @Override
        public void enter(Reactor reactor) {
            // Made when it is used.
        }
    }

    /** Where all work of this connection is done. */
    Home home() {
        return home;
    }

    PeerCredentials peer() {
        return peer;
    }

    /** True once the client has said its version and has a controller, until it is gone. From any thread. */
    boolean active() {
        return active;
    }

    /** Whether the client has been asked to let go of the device. */
    boolean requestRelease() {
        PciFunction current = function;
        return open && current != null && current.irqs().requestRelease();
    }

    @Override
    public int poll(long nowNs) {
        PciFunction current = function;
        int work = 0;
        try {
            if (current != null) {
                work = current.device().poll(nowNs);
            }
            work += dma.poll();
            work += dmaChannel.poll();
            Dispatcher answering = dispatcher;
            boolean heard = heard();
            if (open && answering != null) {
                work += migration().poll(nowNs, heard) + answering.poll();
            }
            if (open && outbox.pendingBytes() > 0) {
                flush();
            }
        } catch (RuntimeException e) {
            failed(e);
            return 1;
        }
        if (!open) {
            finish();
        }
        return work;
    }

    @Override
    public long prepareSleep(long nowNs) {
        PciFunction current = function;
        Dispatcher answering = dispatcher;
        boolean due = dma.due() || dmaChannel.due();
        if (!open) {
            return due || finished() ? 0 : UNLIMITED;
        }
        boolean unsent = outbox.pendingBytes() > 0 && !watch.waitsFor(Epoll.OUT);
        if (due || unsent || answering != null && answering.due()) {
            return 0;
        }
        if (current == null) {
            return UNLIMITED;
        }
        return Math.min(current.device().prepareSleep(nowNs), migration().remainingNs(nowNs));
    }

    private void ready(int events) {
        try {
            if (outbox.pendingBytes() > 0) {
                flush();
            }
            boolean gone = (events & (Epoll.HUP | Epoll.ERR)) != 0;
            for (int taken = 0; open && taken < BURST && (gone || !outbox.full()); taken++) {
                if (!takeMessage()) {
                    break;
                }
            }
            if (open) {
                flush();
            }
            PciFunction current = function;
            if (open && current != null && current.device().rungByWrites()) {
                watch.expectMore();
            }
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    @Override
    public void memoryFault() {
        if (open && dma.shrunk()) {
            end("its memory was taken away");
        }
    }

    /**
     * What is rung before a stop goes along: a monitor that pauses its guest for somebody else's stop may have sent it, and waits
     * for no answer. One that stops the device by itself does so behind its doorbells.
     *
     * @return whether nothing has to be read before the stop under way has ended
     */
    private boolean heard() {
        DeviceMigration stops = migration;
        return stops == null || !stops.stopping(DeviceMigration.Owner.DAEMON) || takeWaiting(BURST);
    }

    /** Takes all that the client has sent. @return whether it has ceased to send */
    boolean heardAll() {
        try {
            return takeWaiting(WAITING_MAX);
        } catch (RuntimeException e) {
            failed(e);
            return false;
        }
    }

    /**
     * Takes what the client has sent.
     *
     * @return whether that is all of it, and no message is there in part
     */
    private boolean takeWaiting(int messagesMax) {
        for (int taken = 0; open && taken < messagesMax && !outbox.full(); taken++) {
            if (!takeMessage()) {
                return open && inbox.empty();
            }
        }
        return false;
    }

    /** @return false when there is nothing more to take now */
    private boolean takeMessage() {
        return switch (inbox.receive()) {
            case MESSAGE -> {
                message(false);
                yield true;
            }
            case PARTIAL -> false;
            case END -> {
                end("closed by the client");
                yield false;
            }
        };
    }

    /** @param begun another process may have carried it out, in part or in whole */
    private void message(boolean begun) {
        take(begun);
        if (open) {
            outbox.publish(inbox.message());
            inbox.done();
        }
    }

    private void take(boolean begun) {
        var header = inbox.header();
        Dispatcher current = dispatcher;
        switch (Header.type(header)) {
            case Header.TYPE_COMMAND -> {
                if (current == null || begun && Header.command(header) == Wire.VERSION) {
                    negotiate();
                } else {
                    current.dispatch(header, inbox.body(), inbox.fds(), inbox.message(), begun);
                }
            }
            case Header.TYPE_REPLY -> dmaChannel.reply(header, inbox.body());
            default -> throw new ConnectionException("message of type " + Header.type(header));
        }
    }

    /** The first message says what version is spoken; a client that is refused is told why and then let go. */
    private void negotiate() {
        int id = Header.id(inbox.header());
        int command = Header.command(inbox.header());
        if (command != Wire.VERSION) {
            throw new ConnectionException("command %d before VERSION".formatted(command));
        }
        try {
            Request.Version version = Request.Version.decode(inbox.body());
            if (version.major() != Request.Version.MAJOR_SPOKEN) {
                throw new RequestException(Errno.EINVAL, "protocol version " + version.major());
            }
            Capabilities capabilities = Capabilities.parse(version.text().toArray(ValueLayout.JAVA_BYTE));
            if (function == null) {
                open(capabilities);
            }
            Dispatcher.version(outbox, id, version, capabilities.reply());
            endpoint.activated();
        } catch (RequestException | NativeException e) {
            int errno = e instanceof RequestException request ? request.errno() : Errno.EIO;
            Dispatcher.fail(outbox, id, command, errno);
            outbox.publish(inbox.message());
            outbox.flush();
            end("refused: " + e.getMessage());
        }
    }

    /** What another process needs is held before the client hears that it has a controller. */
    private void open(Capabilities capabilities) {
        PciFunction opened = endpoint.open(this, memory, capabilities);
        if (opened == null) {
            throw new RequestException(Errno.EBUSY, "another client has the drive");
        }
        function = opened;
        active = true;
        dmaChannel.transferMax(capabilities.transferMaxBytes());
        state.publishInt(ConnectionState.TRANSFER_MAX, capabilities.transferMaxBytes());
        state.publishLong(ConnectionState.PEER, peer.pid());
        migration = new DeviceMigration(opened, dmaChannel, state, false);
        answering(opened);
        holder.keep(STATE, state.fd().number());
        holder.keep(SOCKET, socket.fd().number());
    }

    private void flush() {
        outbox.publish(inbox.message() - 1 & Inbox.MESSAGE_MASK);
        if (!outbox.flush()) {
            end("closed by the client");
            return;
        }
        int events = outbox.full() ? 0 : Epoll.IN;
        watch.events(outbox.pendingBytes() > 0 ? events | Epoll.OUT : events);
    }

    private void failed(Throwable e) {
        if (!(e instanceof ConnectionException)) {
            endpoint.report(e);
        }
        end(e.toString());
    }

    /** Ends the connection; what commands still use is given back when they are done. */
    void end(String reason) {
        if (!open) {
            return;
        }
        DeviceMigration stopping = migration;
        if (stopping != null) {
            stopping.close();
        }
        open = false;
        active = false;
        watch.close();
        socket.close();
        inbox.close();
        dmaChannel.close();
        holder.drop("");
        PciFunction current = function;
        if (current != null) {
            current.stop();
        }
        dma.unmapAll();
        endpoint.ended(this, reason);
        finish();
    }

    private boolean finished() {
        PciFunction current = function;
        return (current == null || current.device().quiescent()) && dma.empty();
    }

    private void finish() {
        PciFunction current = function;
        if (!finished()) {
            return;
        }
        if (current != null) {
            function = null;
            current.close(endpoint.reclaimer());
        }
        state.close(endpoint.reclaimer());
        endpoint.finished(this);
    }
}
