package io.vnvme.frontend.tcp;

import io.vnvme.memory.GuestMemory;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.FabricsHost;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;

/**
 * A host and its controller, from Connect on the admin queue until all that they used is given back: the host's side of the
 * controller's queues, and the connections that carry them.
 *
 * <p>Everything here is done by the reactor that the controller is at. A connection of an I/O queue that is gone ends its queue
 * pair; when the admin queue's is, all end.
 */
final class Association implements Poller {
    /** Requests for events that a host may leave outstanding beside its other commands: AERL + 1 of every controller. */
    static final int EVENT_REQUESTS = 8;

    private static final int ENTRIES_MIN = 2;

    private final TcpTarget target;
    private final TcpSubsystem subsystem;
    private final FabricsHost host;
    private final ListeningPort port;
    private final String peer;
    private final Home home;
    private final AssociationMemory memory = AssociationMemory.create();
    private final GuestMemory guestMemory = new GuestMemory();
    private final MemorySegment doorbells = Arena.ofAuto().allocate(Registers.DOORBELLS_SIZE, Registers.DOORBELLS_SIZE);
    private final LargeBuffers largeBuffers = new LargeBuffers();
    private final Controller controller;
    private final FabricsCommands fabrics;
    private final QueuePairs queues;
    private final Authentications authentications;

    private boolean open = true;
    private String ending = "";
    private boolean unsent;
    /** A pass is under way, which may still look at queues: what they lie in goes behind it. */
    private boolean polling;

    private long nowNs;
    private long heardNs;
    private boolean heard = true;

    /** On the reactor of {@code subsystem}'s home. */
    private Association(
            TcpTarget target,
            TcpSubsystem subsystem,
            FabricsHost host,
            Connection connection,
            InetSocketAddress local) {
        this.target = target;
        this.subsystem = subsystem;
        this.host = host;
        this.port = connection.port();
        this.peer = connection.peer();
        home = new Home(subsystem.home().reactor());
        memory.mapTo(guestMemory);
        try {
            controller = subsystem.open(
                    new TcpSubsystem.Host(home, host, Limits.FABRICS, guestMemory, doorbells, port, local, peer));
        } catch (RuntimeException e) {
            memory.close(target.reclaimer());
            throw e;
        }
        queues = new QueuePairs(controller);
        authentications = new Authentications(this, target);
        fabrics = new FabricsCommands(this, controller);
        home.add(new Registrations());
        home.add(this);
    }

    /**
     * A new association by the Connect of an admin queue. On the reactor of {@code subsystem}'s home.
     *
     * @throws ConnectRefused when the host cannot have a controller
     */
    static Association open(TcpTarget target, TcpSubsystem subsystem, Connection connection, ConnectRequest request) {
        checkEntries(request);
        target.fence(subsystem, connection, request);
        InetSocketAddress local = connection.socket().local();
        target.admit();
        Association made;
        try {
            made = new Association(target, subsystem, request.host(), connection, local);
        } catch (RuntimeException | Error e) {
            target.finished();
            throw e;
        }
        target.began(made);
        try {
            made.carry(connection, request);
        } catch (RuntimeException | Error e) {
            made.end(e.toString());
            throw e;
        }
        return made;
    }

    /** What the rings of a reactor keep for this memory stays there, and is made anew where it is used. */
    private final class Registrations implements Home.Resident {
        @Override
        public boolean settled() {
            return true;
        }

        @Override
        public void leave() {
            memory.region().leave();
        }

        @Override
        public void enter(Reactor reactor) {
            // Made when it is used.
        }
    }

    private static void checkEntries(ConnectRequest request) {
        if (request.entries() < ENTRIES_MIN || request.entries() > Limits.COMMANDS_MAX) {
            throw ConnectRefused.entry(Fabrics.CONNECT_SQSIZE, "%d entries".formatted(request.entries()));
        }
    }

    /**
     * Connects an I/O queue.
     *
     * @throws ConnectRefused when the host cannot have it
     */
    void connect(Connection connection, ConnectRequest request) {
        if (!open) {
            throw ConnectRefused.data(Fabrics.CNTLID, "the association has ended");
        }
        if (!request.host().nqn().equals(host.nqn())) {
            throw ConnectRefused.data(Fabrics.HOSTNQN, "another host's controller");
        }
        if (request.host().idLow() != host.idLow() || request.host().idHigh() != host.idHigh()) {
            throw ConnectRefused.data(Fabrics.HOSTID, "another host identifier than the admin queue's");
        }
        checkEntries(request);
        int id = request.queueId();
        boolean possible = id <= Controller.IO_QUEUES_MAX && subsystem != target.discovery();
        if (!possible) {
            throw ConnectRefused.entry(Fabrics.CONNECT_QID, "queue %d".formatted(id));
        }
        if (!controller.ready() || queues.find(id) != null) {
            throw new ConnectRefused(Status.COMMAND_SEQUENCE_ERROR, 0, "queue %d now".formatted(id));
        }
        carry(connection, request);
    }

    private void carry(Connection connection, ConnectRequest request) {
        // Again: a host that was denied after the reception asked had no association yet that could be ended.
        target.check(subsystem, connection, request);
        int id = request.queueId();
        QueuePair queue = new QueuePair(this, id, request.entries(), request.flowControl(), connection.agreement());
        if (id != 0) {
            controller.connectQueuePair(
                    id,
                    AssociationMemory.iova(AssociationMemory.submissions(id)),
                    AssociationMemory.iova(AssociationMemory.completions(id)),
                    queue.ringEntries());
        }
        authentications.begin(queue);
        queues.add(queue, connection);
        connection.serve(this, queue, home, request);
    }

    Home home() {
        return home;
    }

    TcpSubsystem subsystem() {
        return subsystem;
    }

    String hostNqn() {
        return host.nqn();
    }

    boolean isOpen() {
        return open;
    }

    /** Whether the host has shown who it is, or need not. From any thread. */
    boolean proven() {
        return authentications.proven();
    }

    /** The subsystem admits other hosts, or in another way: ends when that excludes this one, or a queue as it came. */
    void admissionChanged() {
        if (!subsystem.admits(host.nqn(), port)) {
            end("the host is not allowed any more");
        } else if (!queues.meet(subsystem.terms(host.nqn()))) {
            end("the host has to show who it is now");
        }
    }

    /** Where the host came in. */
    ListeningPort port() {
        return port;
    }

    FabricsHost host() {
        return host;
    }

    /** The host's address, for people. */
    String peer() {
        return peer;
    }

    /** From any thread. */
    int ioQueueCount() {
        return queues.ioQueueCount();
    }

    void discoveryChanged() {
        if (open) {
            controller.discoveryLogChanged();
        }
    }

    int controllerId() {
        return controller.controllerId();
    }

    AssociationMemory memory() {
        return memory;
    }

    MemorySegment doorbells() {
        return doorbells;
    }

    LargeBuffers largeBuffers() {
        return largeBuffers;
    }

    /** The pass's reading of the clock. */
    long nowNs() {
        return nowNs;
    }

    /** A command came. */
    void heard() {
        heard = true;
    }

    /** A connection has something to send at the end of the pass. */
    void toSend() {
        unsent = true;
    }

    void badDigest() {
        target.dropped(host.nqn(), "a command failed: its data digest is wrong");
    }

    /** Whether a queue's commands go to the controller now. */
    boolean accepts(int queueId) {
        return controller.ready() && (queueId == 0 || controller.hasQueuePair(queueId));
    }

    void fabrics(QueuePair queue, int command) {
        fabrics.run(queue, command);
    }

    /** CC is set: with it the admin queue is made, and all queues end. */
    void configure(int configuration) {
        boolean enabled = Registers.enabled((int) controller.readRegister(Registers.CC, Integer.BYTES));
        boolean enables = Registers.enabled(configuration);
        QueuePair admin = queues.find(0);
        if (admin != null && !enabled && enables) {
            admin.restart();
            int attributes = admin.ringEntries() - 1;
            controller.writeRegister(Registers.AQA, Integer.BYTES, attributes | attributes << 16);
            long submissions = AssociationMemory.iova(AssociationMemory.submissions(0));
            long completions = AssociationMemory.iova(AssociationMemory.completions(0));
            controller.writeRegister(Registers.ASQ, Long.BYTES, submissions);
            controller.writeRegister(Registers.ACQ, Long.BYTES, completions);
        }
        controller.writeRegister(Registers.CC, Integer.BYTES, configuration);
        if (admin != null && enabled && !enables) {
            admin.restart();
            queues.voidIo();
        }
    }

    /** An Abort command names another one as the host knows it. */
    void translate(int queueId, int opcode, MemorySegment segment, long entry) {
        if (queueId != 0 || opcode != AdminOpcode.ABORT) {
            return;
        }
        int named = Sqe.dword(segment, entry, 10);
        int of = named & 0xffff;
        QueuePair queue = queues.find(of);
        int command = queue == null ? CommandTable.NONE : queue.commands().submitted(named >>> 16);
        segment.set(ValueLayout.JAVA_INT_UNALIGNED, entry + Sqe.CDW10, of | command << 16);
    }

    /** A queue's connection ends when the host has what is there for it. */
    void disconnect(int queueId, String reason) {
        queues.disconnect(queueId, reason);
        toSend();
    }

    /** A connection has ended. */
    void lost(Connection connection, String reason) {
        QueuePair queue = connection.queue();
        if (!open || queue == null) {
            return;
        }
        if (queue.id() == 0) {
            end(reason);
        } else {
            queues.leave(connection);
        }
    }

    @Override
    public int poll(long passNs) {
        nowNs = passNs;
        if (!open) {
            return finish();
        }
        int work = 0;
        polling = true;
        try {
            work += queues.receive(nowNs);
            while (largeBuffers.due()) {
                lendLarge();
                work++;
            }
            work += controller.poll(passNs);
            work += queues.complete();
            if (unsent) {
                unsent = false;
                queues.send();
            }
            supervise();
        } catch (RuntimeException e) {
            target.report(e);
            end(e.toString());
        } finally {
            polling = false;
        }
        return open ? work : work + finish();
    }

    private void lendLarge() {
        int of = largeBuffers.nextQueue();
        int command = largeBuffers.nextCommand();
        int index = largeBuffers.takeForNext();
        QueuePair queue = queues.find(of);
        if (queue == null || queue.closed()) {
            largeBuffers.giveBack(index);
            return;
        }
        queue.commands().largeBuffer(command, index);
        queue.buffered(command);
    }

    private void supervise() {
        String failure = controller.failure();
        if (failure != null) {
            end(failure);
            return;
        }
        authentications.expire(nowNs);
        if (heard) {
            heard = false;
            heardNs = nowNs;
        } else if (nowNs - heardNs >= silenceNs()) {
            end("the host says nothing");
        }
    }

    /** How long a host may send no command: of a controller that works, its Keep Alive Timer says. */
    private long silenceNs() {
        boolean watched = controller.ready() && (host.keepAliveMs() != 0 || subsystem != target.discovery());
        return watched ? Long.MAX_VALUE : Limits.SILENCE_NS;
    }

    @Override
    public long prepareSleep(long atNs) {
        if (!open) {
            return finished() ? 0 : UNLIMITED;
        }
        if (unsent || heard || largeBuffers.due() || queues.hold()) {
            return 0;
        }
        long silenceNs = silenceNs();
        long limitNs = silenceNs == Long.MAX_VALUE ? UNLIMITED : Math.max(0, heardNs + silenceNs - atNs);
        return Math.min(authentications.leftNs(atNs, limitNs), controller.prepareSleep(atNs));
    }

    /** Ends all connections; what commands still use is given back when they are done. On the association's reactor. */
    void end(String reason) {
        if (!open) {
            return;
        }
        open = false;
        queues.close();
        controller.reset();
        target.ended(this);
        ending = reason;
        if (!polling) {
            finish();
        }
    }

    private boolean finished() {
        return controller.quiescent() && memory.region().inFlight() == 0;
    }

    private int finish() {
        if (!finished()) {
            return 0;
        }
        subsystem.ended(controller, ending);
        controller.close();
        guestMemory.unmapAll();
        memory.close(target.reclaimer());
        home.remove(this);
        target.finished();
        return 1;
    }
}
