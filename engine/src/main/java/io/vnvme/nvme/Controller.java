package io.vnvme.nvme;

import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.KeptMemory;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.os.Fd;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Turn;
import io.vnvme.reactor.Poller;
import io.vnvme.telemetry.PassMeter;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An NVMe controller (NVM Express Base 2.0) with the memory-based transport: registers, queue pairs, commands.
 *
 * <p>Owned by one reactor. A front end gives it guest memory, a doorbell page and interrupts, forwards register
 * accesses, and lets the reactor {@link #poll} it. Whatever a guest does ends in a status, an event, or CSTS.CFS on
 * this controller alone.
 */
public final class Controller implements Poller, AutoCloseable {
    /** Most that one command transfers, in bytes: MDTS 8 in pages of 4 KiB. */
    public static final long TRANSFER_MAX = 1 << 20;
    /** Vendor of the PCI function, which Identify Controller repeats: "NV", assigned to nobody. */
    public static final int PCI_VENDOR_ID = 0x564e;
    /** I/O queue pairs that a host can have. */
    public static final int IO_QUEUES_MAX = ControllerState.IO_QUEUES_MAX;

    /** What another process goes on with. */
    public static final KeptMemory.Layout KEPT = ControllerState.LAYOUT;

    /** Largest memory page, as a power of two. */
    static final int PAGE_SHIFT_MAX = 16;

    private static final int ADMIN_BURST = 16;

    /** Longest and shortest time between looks at a mapped doorbell page: docs/adr/012 has what they cost. */
    private static final long LOOK_MAX_NS = 20_000_000;

    private static final long LOOK_MIN_NS = 20_000;
    /** A host that was silent for a time waits at most for this part of that time more. */
    private static final long SILENCE_PART = 16;

    private final ControllerKind kind;
    private final Subsystem subsystem;
    private volatile int controllerId;
    private final GuestMemory memory;
    private final Interrupts interrupts;
    private final ControllerState state;
    private final RegisterAccess registers;
    private final Doorbells doorbells;
    private final boolean shared;
    private final ActiveNamespaces namespaces;
    private final NamespaceAccess access;
    private final AsyncEvents events;
    private final LogPages logs;
    private final Features features;
    private final Dispatcher dispatcher;
    private final Arbiter arbiter;
    private final InterruptPass interruptPass;
    private final Standstill standstill;
    private final ControllerLife life;
    private final KeepAlive keepAlive = new KeepAlive();
    private final PassMeter passMeter = new PassMeter();
    private final ReservationLog reservationLog;
    private final @Nullable SubmissionQueue[] submissionQueues = new SubmissionQueue[ControllerState.QUEUES];
    private final @Nullable CompletionQueue[] completionQueues = new CompletionQueue[ControllerState.QUEUES];

    private final Turn turn;
    /** What the dispatcher has spent when this pass has done its share. */
    private long passEnd;

    private long lastWorkNs;
    private boolean busMaster = true;
    private boolean closed;
    /** Another process served it, and {@link #resume} is still to come. */
    private boolean adopted;

    /**
     * A controller that is disabled, with no namespace attached.
     *
     * @param controllerId CNTLID, unique in the subsystem
     * @param doorbellPage what the host stores doorbells to: 4096 bytes, shared with it or not
     */
    public Controller(
            Subsystem subsystem,
            int controllerId,
            GuestMemory memory,
            Interrupts interrupts,
            MemorySegment doorbellPage) {
        this(subsystem, controllerId, memory, interrupts, doorbellPage, new Scheduler().turn());
    }

    /**
     * The same beside others on a reactor.
     *
     * @param turn of the reactor's scheduler, which the reactor polls
     */
    public Controller(
            Subsystem subsystem,
            int controllerId,
            GuestMemory memory,
            Interrupts interrupts,
            MemorySegment doorbellPage,
            Turn turn) {
        this(new PciKind(), subsystem, new ControllerState(controllerId), memory, interrupts, doorbellPage, turn);
    }

    /**
     * The controller that another process served. It does nothing, and hears nothing of namespaces that are attached to it,
     * until {@link #resume}.
     *
     * @param state what {@link #stateFd} was there; its owner from now on, also when it fails
     * @param doorbellPage the same memory as there
     * @throws IllegalArgumentException when the state is none, or one of another version
     */
    public static Controller adopt(
            Subsystem subsystem,
            Fd state,
            GuestMemory memory,
            Interrupts interrupts,
            MemorySegment doorbellPage,
            Turn turn) {
        ControllerState found = new ControllerState(state);
        Controller controller = new Controller(new PciKind(), subsystem, found, memory, interrupts, doorbellPage, turn);
        controller.adopted = true;
        return controller;
    }

    private Controller(
            ControllerKind kind,
            Subsystem subsystem,
            ControllerState state,
            GuestMemory memory,
            Interrupts interrupts,
            MemorySegment doorbellPage,
            Turn turn) {
        this.kind = kind;
        this.turn = turn;
        this.subsystem = subsystem;
        this.memory = memory;
        this.interrupts = interrupts;
        this.controllerId = state.controllerId();
        this.doorbells = new Doorbells(this, doorbellPage);
        this.state = state;
        this.life = new ControllerLife(this, state);
        this.registers = new RegisterAccess(this, state);
        this.shared = kind.shared() || subsystem.multipath();
        this.namespaces = new ActiveNamespaces(this);
        this.access = new NamespaceAccess(this);
        this.features = new Features(this);
        this.events = new AsyncEvents(this);
        this.logs = new LogPages(this);
        this.reservationLog = new ReservationLog(this);
        this.dispatcher = new Dispatcher(this);
        this.arbiter = new Arbiter(this);
        this.interruptPass = new InterruptPass(interrupts);
        this.standstill = new Standstill(this);
        subsystem.enter(controllerId);
    }

    /**
     * An I/O controller behind a message-based transport. The front end keeps its queues in {@code memory}, in the host's
     * place: it writes the entries that come in capsules, rings, and takes completions.
     *
     * @param turn of the reactor's scheduler, which the reactor polls
     */
    public static Controller overFabrics(
            Subsystem subsystem,
            int controllerId,
            FabricsHost host,
            FabricsLimits limits,
            GuestMemory memory,
            MemorySegment doorbellPage,
            Turn turn) {
        ControllerKind kind = new FabricsKind(host, limits);
        return overFabrics(kind, subsystem, controllerId, memory, doorbellPage, turn);
    }

    /**
     * A discovery controller behind a message-based transport.
     *
     * @param log the Discovery log page for this host as it is when asked
     */
    public static Controller forDiscovery(
            Subsystem subsystem,
            int controllerId,
            FabricsHost host,
            FabricsLimits limits,
            GuestMemory memory,
            MemorySegment doorbellPage,
            Supplier<MemorySegment> log) {
        ControllerKind kind = new DiscoveryKind(host, limits, log);
        return overFabrics(kind, subsystem, controllerId, memory, doorbellPage, new Scheduler().turn());
    }

    private static Controller overFabrics(
            ControllerKind kind,
            Subsystem subsystem,
            int controllerId,
            GuestMemory memory,
            MemorySegment doorbellPage,
            Turn turn) {
        Controller controller = new Controller(
                kind, subsystem, new ControllerState(controllerId), memory, new NoInterrupts(), doorbellPage, turn);
        controller.trapDoorbells();
        return controller;
    }

    ControllerKind kind() {
        return kind;
    }

    public Subsystem subsystem() {
        return subsystem;
    }

    /**
     * Makes an I/O queue pair, as Connect does: of a message-based transport, with the controller {@link #ready}.
     *
     * @param id of both queues, 1 to {@link #IO_QUEUES_MAX}, and of none that is there
     * @param entries of each ring
     */
    public void connectQueuePair(int id, long submissionIova, long completionIova, int entries) {
        dispatcher.admin().queues().connect(id, submissionIova, completionIova, entries);
    }

    /** Ends an I/O queue pair: it is gone when what it has begun has ended, and says nothing about that. */
    public void disconnectQueuePair(int id) {
        dispatcher.admin().queues().disconnect(id);
    }

    /** True while there is an I/O queue pair, those included that end. */
    public boolean hasQueuePair(int id) {
        return submissionQueue(id) != null || completionQueue(id) != null;
    }

    /** The Discovery log page has changed: tells the host, when it wants to hear of that. */
    public void discoveryLogChanged() {
        events.notify(AsyncEvent.DISCOVERY_LOG_CHANGED);
    }

    /** CNTLID. */
    public int controllerId() {
        return controllerId;
    }

    public GuestMemory memory() {
        return memory;
    }

    /** The namespaces that this controller's host has. */
    public ActiveNamespaces namespaces() {
        return namespaces;
    }

    /** How it reaches them. */
    public NamespaceAccess access() {
        return access;
    }

    /** Whether it says that its namespaces may be attached to other controllers too. */
    boolean shared() {
        return shared;
    }

    /** True when the host has enabled the controller and it is ready: CSTS.RDY. */
    public boolean ready() {
        return !closed && !adopted && (state.getInt(ControllerState.CSTS) & Registers.CSTS_RDY) != 0;
    }

    /** Why CSTS.CFS was set last, or null when it never was. */
    public @Nullable String failure() {
        return life.failure();
    }

    /** False while commands from before a reset are still with a volume: until then guest memory may be written. */
    public boolean quiescent() {
        return dispatcher.volumeWork() == 0 && !life.flushing();
    }

    /** I/O commands that were fetched and have not been completed; read by any thread, a moment old. */
    public int inFlight() {
        int inFlight = 0;
        for (int id = 1; id < submissionQueues.length; id++) {
            SubmissionQueue queue = submissionQueues[id];
            inFlight += queue == null ? 0 : queue.inFlight();
        }
        return inFlight;
    }

    ControllerState state() {
        return state;
    }

    /** All that another process needs to go on with this controller: it stays this one's. */
    public Fd stateFd() {
        return state.fd();
    }

    Doorbells doorbells() {
        return doorbells;
    }

    Interrupts interrupts() {
        return interrupts;
    }

    AsyncEvents events() {
        return events;
    }

    LogPages logs() {
        return logs;
    }

    Features features() {
        return features;
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    ReservationLog reservationLog() {
        return reservationLog;
    }

    KeepAlive keepAlive() {
        return keepAlive;
    }

    PassMeter passMeter() {
        return passMeter;
    }

    int pageBytes() {
        return life.pageBytes();
    }

    /** Counts resets: what was begun under another epoch is void. */
    long epoch() {
        return life.epoch();
    }

    @Nullable
    SubmissionQueue submissionQueue(int id) {
        return id >= 0 && id < submissionQueues.length ? submissionQueues[id] : null;
    }

    @Nullable
    CompletionQueue completionQueue(int id) {
        return id >= 0 && id < completionQueues.length ? completionQueues[id] : null;
    }

    void submissionQueue(int id, @Nullable SubmissionQueue queue) {
        submissionQueues[id] = queue;
        rearbitrate();
    }

    void completionQueue(int id, @Nullable CompletionQueue queue) {
        completionQueues[id] = queue;
    }

    /** Takes up changed queues or a changed Arbitration feature. */
    void rearbitrate() {
        SubmissionQueue[] io = Arrays.stream(submissionQueues)
                .filter(queue -> queue != null && queue.id() != 0)
                .toArray(SubmissionQueue[]::new);
        arbiter.configure(io, Registers.arbitration(state.getInt(ControllerState.CC)), features.arbitration());
    }

    /**
     * Reads BAR0 below the doorbells; what is reserved reads zero.
     *
     * @param sizeBytes 1, 2, 4 or 8; the access does not cross a multiple of 8
     */
    public long readRegister(long offset, int sizeBytes) {
        return registers.read(offset, sizeBytes);
    }

    /**
     * Writes BAR0, doorbells included. Accesses that are not whole aligned dwords, and read-only or reserved
     * registers, are ignored.
     */
    public void writeRegister(long offset, int sizeBytes, long value) {
        registers.write(offset, sizeBytes, value);
    }

    /** A doorbell written as a register, {@code offset} bytes into the doorbells. */
    void ringDoorbell(int offset, int value) {
        if (offset >= Doorbells.BYTES || !running() && !adopted) {
            return;
        }
        int queueId = offset / 8;
        boolean tail = offset % 8 == 0;
        if (adopted) {
            // It is read when the queues are there.
            if (state.hasQueue(queueId, tail)) {
                doorbells.ring(offset, value);
            }
            return;
        }
        boolean exists = tail ? submissionQueue(queueId) != null : completionQueue(queueId) != null;
        if (!exists) {
            events.invalidDoorbellRegister(queueId);
            return;
        }
        doorbells.ring(offset, value);
    }

    /** INTMS and INTMC: masks exactly these vectors. */
    void mask(int vectors) {
        state.setInt(ControllerState.INTERRUPT_MASK, vectors);
        interruptPass.mask(vectors);
        interruptPass.raisePending(completionQueues);
    }

    /** True when a completion waits that the host was or should have been interrupted for: a pin's level. */
    public boolean interruptPending() {
        return interruptPass.pending(completionQueues);
    }

    /**
     * Goes on where the other process ended. The namespaces are attached, and guest memory, interrupts and Bus Master Enable
     * are as they were there.
     */
    public void resume() {
        if (!adopted) {
            throw new IllegalStateException("not adopted, or resumed already");
        }
        adopted = false;
        new Adoption(this).resume();
    }

    /** Brings the controller to rest, for its state to go elsewhere. */
    public Standstill standstill() {
        return standstill;
    }

    /** The state is another controller's from now on, which is yet to be {@link #resume resumed}. */
    void loaded() {
        controllerId = state.controllerId();
        adopted = true;
    }

    /** Whether another process or host served it, and {@link #resume} is still to come. */
    boolean adopted() {
        return adopted;
    }

    /** Whether no drive works for it and no interrupt is owed. */
    boolean settled() {
        return quiescent() && !life.draining() && !interruptPass.owing();
    }

    boolean running() {
        return life.running();
    }

    /** What becomes of it by its registers. */
    ControllerLife life() {
        return life;
    }

    /** The controller cannot go on: says so in CSTS.CFS and does nothing more until it is reset. */
    void fatal(String reason) {
        life.fatal(reason);
    }

    /** Resets everything to the state of power-on, as a function level reset does; namespaces stay attached. */
    public void reset() {
        life.reset();
    }

    /** There are no queues any more; a first half that waits for its second is taken back. */
    void forgetQueues() {
        for (int id = 0; id < submissionQueues.length; id++) {
            SubmissionQueue queue = submissionQueues[id];
            Request waiting = queue == null ? null : queue.fusedFirst();
            if (queue != null && waiting != null) {
                queue.fusedFirst(null);
                dispatcher.recycle(waiting);
            }
            submissionQueues[id] = null;
            completionQueues[id] = null;
        }
        interruptPass.reset();
    }

    /** What is posted may not have been told: all vectors are raised that have entries. */
    void raisePending() {
        interruptPass.mask(state.getInt(ControllerState.INTERRUPT_MASK));
        interruptPass.raisePending(completionQueues);
    }

    /**
     * Bus Master Enable of the PCI command register: without it the controller fetches nothing, and what ends
     * meanwhile is told to the host when it is on again, and not before a standstill has ended.
     */
    public void busMaster(boolean enabled) {
        busMaster = enabled;
        if (enabled && !standstill.reached()) {
            dispatcher.waiting().releaseHeld();
        }
    }

    boolean busMaster() {
        return busMaster;
    }

    @Override
    public int poll(long nowNs) {
        passMeter.begin(nowNs);
        if (standstill.reached()) {
            return 0;
        }
        if (!running()) {
            life.finishReset();
            return 0;
        }
        int work = 0;
        try {
            if (busMaster) {
                long before = dispatcher.spent();
                passEnd = before + turn.begin();
                events.poll();
                SubmissionQueue admin = submissionQueues[0];
                if (admin != null && !standstill.begun() && admin.lookAtTail()) {
                    work += drain(admin, ADMIN_BURST);
                }
                work += dispatcher.admission().poll();
                if (!standstill.begun()) {
                    work += arbiter.poll();
                }
                turn.end(
                        dispatcher.spent() - before,
                        passSpent() ? arbiter.waiting() : 0,
                        dispatcher.admission().cut());
            }
            if (work > 0) {
                lastWorkNs = nowNs;
            }
            if (keepAlive.expired(nowNs, work > 0 || standstill.begun())) {
                fatal("keep alive timer expired");
            }
        } catch (InternalError | RuntimeException e) {
            // A guest that takes its memory away, or a defect of ours: either way this controller alone stops.
            fatal("stopped by " + e);
        }
        interruptPass.raise();
        passMeter.end();
        return work;
    }

    /**
     * With doorbells that trap, arms the shadow doorbells where the host has them, and looks again: whatever comes then wakes
     * the reactor. With mapped doorbells nothing does, and there is a timed look: soon while the host was active just now,
     * later the longer it was not.
     */
    @Override
    public long prepareSleep(long nowNs) {
        if (standstill.reached()) {
            return UNLIMITED;
        }
        if (interruptPass.owing()) {
            return 0;
        }
        if (!running()) {
            return life.draining() && dispatcher.volumeWork() == 0 ? 0 : UNLIMITED;
        }
        long limitNs = keepAlive.remainingNs(nowNs);
        if (!busMaster) {
            return limitNs;
        }
        if (standstill.begun()) {
            return dispatcher.admission().due() ? 0 : UNLIMITED;
        }
        if (dispatcher.admission().due() || !quiet()) {
            return 0;
        }
        return doorbells.trapped()
                ? limitNs
                : Math.min(limitNs, Math.clamp((nowNs - lastWorkNs) / SILENCE_PART, LOOK_MIN_NS, LOOK_MAX_NS));
    }

    /** Arms what can be armed; true when there is nothing to fetch, such as what a pass had no turn for. */
    private boolean quiet() {
        try {
            if (doorbells.armable()) {
                for (SubmissionQueue queue : submissionQueues) {
                    if (queue != null && queue.id() != 0) {
                        queue.arm();
                    }
                }
                EventIndex.fence();
            }
            for (SubmissionQueue queue : submissionQueues) {
                if (queue != null && queue.overtaken()) {
                    return false;
                }
            }
            return running();
        } catch (InternalError | RuntimeException e) {
            fatal("stopped by " + e);
            return false;
        }
    }

    /** From now on the host reaches its doorbells by register writes only. */
    public void trapDoorbells() {
        doorbells.trap();
    }

    /** True when each I/O command begins with a register write, for want of shadow doorbells. */
    public boolean rungByWrites() {
        return running() && doorbells.trapped() && !doorbells.shadowed();
    }

    /** Fetches and begins at most {@code commandsMax} commands of a queue. */
    int drain(SubmissionQueue queue, int commandsMax) {
        int begun = 0;
        boolean admin = queue.id() == 0;
        while (begun < commandsMax && running() && (admin || !passSpent())) {
            int slot = queue.fetch();
            if (slot < 0) {
                break;
            }
            dispatcher.begin(queue, slot);
            begun++;
        }
        return begun;
    }

    /** True when this pass has done as much as it may before other controllers have their turn. */
    boolean passSpent() {
        return passLeft() <= 0;
    }

    /** What this pass may still do, as {@link Turn} counts it. */
    long passLeft() {
        return passEnd - dispatcher.spent();
    }

    /** What a pass may do, before what earlier ones overdrew or saved. */
    long turnBytes() {
        return turn.bytes();
    }

    /** Namespaces came or went: the first one's share says what weight the controller has. */
    void shareChanged() {
        Namespace first = namespaces.find(namespaces.next(0));
        turn.of(first == null ? null : first.share());
    }

    /** An entry was posted: the vector is raised at the end of the pass. */
    void posted(CompletionQueue queue) {
        interruptPass.posted(queue);
    }

    /** Ends the controller and detaches its namespaces. Only when {@link #quiescent}. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            life.stop();
            namespaces.close();
            dispatcher.close();
            subsystem.leave(controllerId);
            state.close();
        }
    }
}
