package io.vnvme.frontend.vfiouser;

import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.os.Epoll;
import io.vnvme.os.Errno;
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

    private final VfioUserEndpoint endpoint;
    private final Home home;
    private final UnixSocket socket;
    private final PeerCredentials peer;
    private final Inbox inbox;
    private final Outbox outbox;
    private final DmaChannel dmaChannel;
    private final GuestMemory memory;
    private final DmaTable dma;
    private final Watch watch;
    private @Nullable PciFunction function;
    private @Nullable Dispatcher dispatcher;
    private boolean open = true;
    private volatile boolean active;

    Connection(VfioUserEndpoint endpoint, UnixSocket socket) {
        this.endpoint = endpoint;
        this.socket = socket;
        this.peer = socket.peer();
        inbox = new Inbox(socket);
        outbox = new Outbox(socket);
        dmaChannel = new DmaChannel(outbox);
        memory = new GuestMemory(dmaChannel);
        dma = new DmaTable(memory, endpoint.reclaimer());
        home = new Home(endpoint.home().reactor());
        home.add(new Registrations());
        watch = home.watch(socket.fd(), Epoll.IN, this::ready);
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
            if (open && answering != null) {
                work += answering.poll();
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
        return current.device().prepareSleep(nowNs);
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

    /** @return false when there is nothing more to take now */
    private boolean takeMessage() {
        return switch (inbox.receive()) {
            case MESSAGE -> {
                message();
                yield true;
            }
            case PARTIAL -> false;
            case END -> {
                end("closed by the client");
                yield false;
            }
        };
    }

    private void message() {
        var header = inbox.header();
        Dispatcher current = dispatcher;
        switch (Header.type(header)) {
            case Header.TYPE_COMMAND -> {
                if (current == null) {
                    negotiate();
                } else {
                    current.dispatch(header, inbox.body(), inbox.fds());
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
            PciFunction opened = endpoint.open(this, memory, capabilities);
            if (opened == null) {
                throw new RequestException(Errno.EBUSY, "another client has the drive");
            }
            function = opened;
            active = true;
            dmaChannel.transferMax(capabilities.transferMaxBytes());
            dispatcher = new Dispatcher(outbox, opened, dma);
            Dispatcher.version(outbox, id, version, capabilities.reply());
            endpoint.activated();
        } catch (RequestException | NativeException e) {
            int errno = e instanceof RequestException request ? request.errno() : Errno.EIO;
            Dispatcher.fail(outbox, id, command, errno);
            outbox.flush();
            end("refused: " + e.getMessage());
        }
    }

    private void flush() {
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
        open = false;
        active = false;
        watch.close();
        socket.close();
        inbox.close();
        dmaChannel.close();
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
        endpoint.finished(this);
    }
}
