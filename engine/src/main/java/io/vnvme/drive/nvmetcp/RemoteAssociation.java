package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.reactor.Home;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A controller that a path has got, from the first connection until both are gone: set up step by step without waiting
 * anywhere, then watched over.
 */
final class RemoteAssociation implements AdminQueue.Owner {
    /** Commands that a controller must have answered within this time while it is set up. */
    private static final long STEP_NS = 5_000_000_000L;
    /** Between two looks at what will tell of itself only if the controller sends notices, or get ready soon. */
    private static final long LOOK_AGAIN_NS = 1_000_000_000L;

    private static final long READY_LOOK_NS = 5_000_000;

    /** CC: enabled, entries of 64 and 16 bytes. */
    private static final int ENABLE = 1 | 6 << 16 | 4 << 20;

    private static final long NS_PER_MS = 1_000_000;
    private static final int ENTRIES_MIN = 2;
    private static final int SHUTDOWN_NORMAL = 1 << 14;
    private static final int NOTICE_NAMESPACE = 1 << 8;
    private static final int NOTICE_ANA = 1 << 11;
    private static final int EVENT_ANA_CHANGED = AsyncEvent.event(AsyncEvent.TYPE_NOTICE, 3, LogPageId.ANA);
    private static final int CHANGED_NAMESPACES_BYTES = 4096;
    private static final int ANA_PAGE_GROUPS = (AdminQueue.READ_MAX - Ana.HEADER_BYTES) / Ana.GROUP_BYTES;

    private final RemotePath path;
    private final RemoteDrive drive;
    private final RemoteNamespace namespace;
    private final QueuePairMemory memory;
    private final @Nullable Home home;
    private final TargetKeys keys;
    private final AdminQueue admin;
    private @Nullable IoQueue io;
    private @Nullable ControllerFacts controller;
    private @Nullable NamespaceFacts facts;
    private Ana ana = Ana.OPTIMIZED;
    private int controllerId;
    private long capabilities;
    private int entriesMax;
    private boolean live;
    private boolean ended;
    private long nowNs;
    /** The current step of the set-up has to be over by then; afterwards, the answer to a Keep Alive. */
    private long deadlineNs;

    private long keepAliveNs = Long.MAX_VALUE;
    private long readyLookNs = Long.MAX_VALUE;
    private long anaLookNs = Long.MAX_VALUE;
    private boolean anaAsked;

    RemoteAssociation(RemotePath path, RemoteDrive drive, QueuePairMemory memory, long nowNs) {
        this.path = path;
        this.drive = drive;
        this.memory = memory;
        this.nowNs = nowNs;
        namespace = drive.namespace();
        home = drive.home();
        deadlineNs = nowNs + STEP_NS;
        keys = namespace.trust().keys().get();
        admin = new AdminQueue(
                terms(0, AdminQueue.ENTRIES, Fabrics.CNTLID_DYNAMIC),
                this,
                memory.adminSlots(),
                memory.adminInbox(),
                home);
    }

    private HostQueue.Terms terms(int queueId, int entries, int controller) {
        TlsChoice tls = namespace.options().tls() ? path.tls() : null;
        return new HostQueue.Terms(namespace, path.portal(), queueId, entries, controller, keys, tls);
    }

    @Nullable
    IoQueue io() {
        return live && ana.usable() ? io : null;
    }

    Ana ana() {
        return ana;
    }

    int controllerId() {
        return controllerId;
    }

    boolean isLive() {
        return live;
    }

    /** For how long the controller may have commands carried out after it has heard of us last, in nanoseconds. */
    long fenceNs() {
        ControllerFacts known = controller;
        if (known == null) {
            return 0;
        }
        long unitNs = known.keepAliveUnitMs() * NS_PER_MS;
        long timeoutNs = (keepAliveTimeoutNs() + unitNs - 1) / unitNs * unitNs;
        // A controller that counts any command as a Keep Alive looks once in each KATO whether one came: twice that at
        // most.
        return 2 * timeoutNs + known.quiesceMs() * NS_PER_MS;
    }

    private long keepAliveTimeoutNs() {
        return namespace.options().keepAlive().toNanos();
    }

    // The steps, one after the other.

    @Override
    public void connected(int id) {
        controllerId = id;
        next();
        admin.propertyGet(Registers.CAP, true, (cap, _) -> enable(cap));
    }

    @Override
    public void progress() {
        next();
    }

    private void next() {
        deadlineNs = nowNs + STEP_NS;
    }

    private void enable(long cap) {
        next();
        capabilities = cap;
        entriesMax = (int) (cap & 0xffff) + 1;
        if (entriesMax < ENTRIES_MIN) {
            throw new RemoteException("the target has queues of one entry, which hold no command");
        }
        admin.propertySet(Registers.CC, ENABLE, (_, _) -> awaitReady());
    }

    private void awaitReady() {
        admin.propertyGet(Registers.CSTS, false, (status, _) -> {
            if ((status & Registers.CSTS_RDY) != 0) {
                next();
                admin.identify(Cns.CONTROLLER, 0, (_, page) -> identified(page));
            } else {
                readyLookNs = nowNs + READY_LOOK_NS;
            }
        });
    }

    private void identified(MemorySegment page) {
        next();
        controller = ControllerFacts.decode(page, IoQueue.TRANSFER_MAX, (int) (capabilities >>> 48 & 0xf));
        admin.setFeature(FeatureId.NUMBER_OF_QUEUES, 0, (_, _) -> {
            next();
            lookAtNamespace(found -> {
                facts = found;
                listen();
            });
        });
    }

    /** Asks what the namespace is now, which ends the path when it is not the drive; else goes on. */
    private void lookAtNamespace(Consumer<NamespaceFacts> same) {
        // Optional before version 1.3: who has none says so by an error.
        admin.identify(
                Cns.NAMESPACE_DESCRIPTORS,
                namespace.nsid(),
                (_, list) -> describe(NamespaceFacts.identity(list), same),
                _ -> describe("", same));
    }

    private void describe(String identity, Consumer<NamespaceFacts> same) {
        if (!live) {
            next();
        }
        admin.identify(Cns.NAMESPACE, namespace.nsid(), (_, page) -> {
            NamespaceFacts found = NamespaceFacts.decode(namespace.nsid(), page, known(), identity);
            String difference = drive.difference(found);
            if (!difference.isEmpty()) {
                throw new RemoteException(
                        "%s at %s".formatted(difference, path.portal().text()));
            }
            same.accept(found);
        });
    }

    private ControllerFacts known() {
        ControllerFacts present = controller;
        if (present == null) {
            throw new IllegalStateException("the controller was not identified");
        }
        return present;
    }

    private void listen() {
        next();
        int notices = known().events() & (NOTICE_NAMESPACE | NOTICE_ANA);
        admin.setFeature(FeatureId.ASYNC_EVENT_CONFIG, notices, (_, _) -> {
            admin.awaitEvent((event, _) -> event((int) event));
            if (known().anaReporting()) {
                lookAtAna(0);
            } else {
                connectQueue();
            }
        });
    }

    private void connectQueue() {
        next();
        NamespaceFacts found = facts;
        if (found == null || io != null) {
            return;
        }
        int entries = Math.min(entriesMax, IoQueue.COMMANDS_MAX + 1);
        HostQueue.Terms terms = terms(1, entries, controllerId);
        io = new IoQueue(this, drive, terms, memory.ioSlots(), memory.ioInbox(), known(), found.blockBytes(), home);
    }

    /** The I/O queue is connected. */
    void live() {
        NamespaceFacts found = facts;
        // Again: of a drive of which nothing was known, another path may have said meanwhile what it is.
        String difference = found == null ? "" : drive.difference(found);
        if (!difference.isEmpty()) {
            lost("%s at %s".formatted(difference, path.portal().text()));
            return;
        }
        live = true;
        deadlineNs = Long.MAX_VALUE;
        keepAliveNs = nowNs + keepAliveTimeoutNs() / 2;
        if (found != null) {
            drive.found(found);
        }
        path.live();
    }

    // What happens afterwards.

    private void event(int event) {
        admin.awaitEvent((next, _) -> event((int) next));
        if (event == EVENT_ANA_CHANGED) {
            lookAtAna(0);
        } else if (event == AsyncEvent.NAMESPACE_CHANGED) {
            // To read the list is what lets the controller tell of the next change.
            admin.logPage(
                    LogPageId.CHANGED_NAMESPACES, 0, 0, CHANGED_NAMESPACES_BYTES, (_, _) -> lookAtNamespace(_ -> {}));
        }
    }

    /** A command was refused: the path is not used until the controller says that it can be. */
    void inaccessible() {
        if (ana.usable()) {
            ana = Ana.CHANGE;
            path.changed();
        }
        if (!anaAsked) {
            lookAtAna(0);
        }
    }

    /** Reads the log page from group {@code from} on, as far as it takes to find ours. */
    private void lookAtAna(int from) {
        anaAsked = true;
        anaLookNs = Long.MAX_VALUE;
        int groups = Math.min(ANA_PAGE_GROUPS, Math.max(1, known().anaGroups() - from));
        // As far before the group as the header is long, so that groups lie alike in every part.
        long offset = (long) from * Ana.GROUP_BYTES;
        int bytes = Ana.HEADER_BYTES + groups * Ana.GROUP_BYTES;
        admin.logPage(LogPageId.ANA, Ana.GROUPS_ONLY, offset, bytes, (_, log) -> {
            NamespaceFacts found = facts;
            int group = found == null ? 0 : found.anaGroup();
            Ana state = Ana.of(log, group, from == 0 ? Ana.groupCount(log) : groups);
            int next = from + groups;
            if (state == Ana.INACCESSIBLE && next < known().anaGroups()) {
                lookAtAna(next);
            } else {
                anaIs(state);
            }
        });
    }

    private void anaIs(Ana state) {
        anaAsked = false;
        boolean changed = state != ana;
        ana = state;
        anaLookNs = state.usable() ? Long.MAX_VALUE : nowNs + LOOK_AGAIN_NS;
        connectQueue();
        if (changed) {
            path.changed();
        }
    }

    int poll(long passNs) {
        nowNs = passNs;
        int work = admin.queue().poll(passNs);
        IoQueue queue = io;
        if (queue != null) {
            work += queue.queue().poll(passNs);
        }
        if (!ended) {
            work += supervise();
        }
        return work;
    }

    private int supervise() {
        if (nowNs >= deadlineNs) {
            lost(live ? "the target answers no Keep Alive" : "the target does not answer");
            return 1;
        }
        if (nowNs >= keepAliveNs) {
            keepAliveNs = nowNs + keepAliveTimeoutNs() / 2;
            IoQueue queue = io;
            long sentByNs = nowNs - namespace.options().commandTimeout().toNanos();
            if (queue != null && queue.hasSentBy(sentByNs)) {
                drive.health().timedOut(queue.blame(sentByNs));
                lost("the target does not answer a command, and yet Keep Alives");
                return 1;
            }
            if (deadlineNs == Long.MAX_VALUE) {
                deadlineNs = nowNs + keepAliveTimeoutNs();
                admin.keepAlive((_, _) -> deadlineNs = Long.MAX_VALUE);
            }
            return 1;
        }
        if (nowNs >= readyLookNs) {
            readyLookNs = Long.MAX_VALUE;
            awaitReady();
            return 1;
        }
        if (nowNs >= anaLookNs) {
            lookAtAna(0);
            return 1;
        }
        return 0;
    }

    void flush() {
        admin.queue().flush();
        IoQueue queue = io;
        if (queue != null) {
            queue.queue().flush();
        }
    }

    long sleepNs(long atNs) {
        IoQueue queue = io;
        if (admin.queue().busy() || queue != null && queue.queue().busy()) {
            return 0;
        }
        long first = Math.min(Math.min(deadlineNs, keepAliveNs), Math.min(readyLookNs, anaLookNs));
        return first == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(0, first - atNs);
    }

    @Override
    public void lost(String why) {
        if (!ended) {
            path.lost(why);
        }
    }

    /** Gives both connections up; commands that were outstanding go to {@code list}. */
    void end(List<RemoteCommand> list) {
        ended = true;
        live = false;
        IoQueue queue = io;
        if (queue != null) {
            if (queue.queue().violated()) {
                queue.blame(Long.MAX_VALUE);
            }
            queue.takeOutstanding(list);
            queue.queue().abandon();
        }
        admin.queue().abandon();
    }

    /** Ends both, of which nothing is outstanding: lets the controller know, and does not wait for its answer. */
    void leave() {
        if (admin.serving()) {
            admin.propertySet(Registers.CC, ENABLE | SHUTDOWN_NORMAL, (_, _) -> {});
            admin.queue().flush();
        }
        ended = true;
        live = false;
        IoQueue queue = io;
        if (queue != null) {
            queue.queue().close();
        }
        admin.queue().close();
    }
}
