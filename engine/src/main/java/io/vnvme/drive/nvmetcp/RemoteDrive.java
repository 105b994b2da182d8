package io.vnvme.drive.nvmetcp;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Poller;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A namespace of another machine as one thread uses it: work goes by the best path that there is, is held while there is none,
 * and fails when that has been so for the loss time.
 *
 * <p>What a path had to do when it was lost is done by another: reads and flushes at once; whatever changes something only when
 * the controller of before cannot carry it out any more, or it might undo what was written since. Until then nothing is said of
 * it, not even that it failed.
 */
public final class RemoteDrive implements Drive {
    /** How often a command is tried that controllers answer with an error which may pass. */
    private static final int RETRIES_MAX = 20;

    /** Before the first of them, half as long; each other one comes twice as late, up to a thousand times: 12 s in all. */
    private static final long RETRY_NS = 1_000_000;

    private static final int RETRY_SHIFT_MAX = 10;
    /**
     * After so many paths that were given up while they had it, a command fails: the target cannot answer it, or answers it with what
     * makes no sense.
     */
    private static final int STRIKES_MAX = 5;

    private static final long NEVER = Long.MAX_VALUE;

    private final String name;
    private final RemoteNamespace namespace;
    /** What is shown of it; of one that is closed, to nobody. */
    private RemoteHealth health;

    private final @Nullable Home home;
    private final List<RemotePath> paths = new ArrayList<>();
    private @Nullable NamespaceFacts facts;
    private final ArrayDeque<RemoteCommand> ready = new ArrayDeque<>();
    private final WaitingCommands waiting = new WaitingCommands();
    private final ArrayDeque<RemoteCommand> freeCommands = new ArrayDeque<>();
    private final ArrayDeque<Transfer> freeTransfers = new ArrayDeque<>();
    private int pending;
    private int nextPath;
    private long nowNs;
    private long withoutPathNs = NEVER;
    private boolean gone;
    private boolean closing;
    private Runnable whenClosed = () -> {};

    /**
     * With a home, this is polled there and not by who uses the drive: a mirror that has let go of it does not, and yet it has to
     * connect again.
     */
    private final class Driver implements Poller {
        @Override
        public int poll(long passNs) {
            int work = work(passNs);
            if (closing && pending == 0) {
                dispose();
            }
            return work;
        }

        @Override
        public long prepareSleep(long atNs) {
            return sleepNs(atNs);
        }
    }

    private final Driver driver = new Driver();

    private RemoteDrive(
            String name,
            RemoteNamespace namespace,
            @Nullable NamespaceFacts facts,
            RemoteHealth health,
            @Nullable Home home,
            RandomGenerator random) {
        this.name = name;
        this.namespace = namespace;
        this.facts = facts;
        this.health = health;
        this.home = home;
        namespace.portals().forEach(portal -> paths.add(new RemotePath(this, portal, random)));
    }

    /**
     * Connects and finds out what is there, on a thread that may wait: the drive is that thread's.
     *
     * @throws RemoteException when no path leads to it, with the reason of each
     */
    public static RemoteDrive open(String name, RemoteNamespace namespace, RemoteHealth health, Duration limit) {
        RemoteDrive drive = new RemoteDrive(name, namespace, null, health, null, RandomGenerator.getDefault());
        long end = System.nanoTime() + limit.toNanos();
        while (drive.usable() == null) {
            if (drive.tried() || System.nanoTime() >= end) {
                String reasons = drive.paths.stream()
                        .map(p -> p.portal().text() + ": " + (p.trouble().isEmpty() ? "no answer" : p.trouble()))
                        .collect(Collectors.joining("; "));
                drive.close();
                throw new RemoteException(reasons);
            }
            if (drive.work(System.nanoTime()) == 0) {
                pause();
            }
        }
        return drive;
    }

    /**
     * The drive on the thread of a home, which polls it until it is closed: it connects meanwhile.
     *
     * @param facts what {@link #open} has found
     * @param random spreads tries to connect
     */
    public static RemoteDrive at(
            Home home,
            String name,
            RemoteNamespace namespace,
            NamespaceFacts facts,
            RemoteHealth health,
            RandomGenerator random) {
        RemoteDrive drive = new RemoteDrive(name, namespace, facts, health, home, random);
        home.add(drive.driver);
        return drive;
    }

    /** For who waits for its work on a thread of his own: long enough not to keep the processor, short against a network. */
    public static void pause() {
        LockSupport.parkNanos(10_000);
    }

    @Override
    public String name() {
        return name;
    }

    public NamespaceFacts facts() {
        NamespaceFacts known = facts;
        if (known == null) {
            throw new IllegalStateException("nothing is known of %s yet".formatted(name));
        }
        return known;
    }

    @Override
    public long sizeBytes() {
        return facts().sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return facts().blockBytes();
    }

    @Override
    public int physicalBlockBytes() {
        return facts().physicalBlockBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return facts().writeCache();
    }

    RemoteNamespace namespace() {
        return namespace;
    }

    @Nullable
    Home home() {
        return home;
    }

    /** Why a namespace that a path leads to is not this drive; empty when it is. */
    String difference(NamespaceFacts found) {
        NamespaceFacts known = facts;
        return known == null ? "" : known.difference(found);
    }

    void found(NamespaceFacts found) {
        if (facts == null) {
            facts = found;
        }
    }

    void pathsChanged() {
        health.paths(paths.stream().map(RemotePath::view).toList());
    }

    @Override
    public int submit(Io io) {
        if (gone || closing) {
            return IoStatus.GONE;
        }
        if (io.operation() < Io.READ || io.operation() > Io.DEALLOCATE) {
            return IoStatus.UNSUPPORTED;
        }
        Transfer transfer = freeTransfers.isEmpty() ? new Transfer() : freeTransfers.removeLast();
        transfer.begin(io);
        ready.add(command(transfer, 0, io.operation() == Io.FLUSH ? 0 : io.lengthBytes()));
        pending++;
        return IoStatus.PENDING;
    }

    private RemoteCommand command(Transfer transfer, long position, long length) {
        RemoteCommand command = freeCommands.isEmpty() ? new RemoteCommand() : freeCommands.removeLast();
        command.begin(transfer, position, length);
        transfer.commandBegun();
        return command;
    }

    @Override
    public int poll(long passNs) {
        return home == null ? work(passNs) : 0;
    }

    private int work(long passNs) {
        nowNs = passNs;
        int work = 0;
        for (int i = 0; i < paths.size(); i++) {
            work += paths.get(i).poll(passNs);
        }
        work += waited();
        work += closing || usable() == null ? hold() : proceed();
        for (int i = 0; i < paths.size(); i++) {
            paths.get(i).flush();
        }
        return work;
    }

    private int proceed() {
        withoutPathNs = NEVER;
        if (gone) {
            gone = false;
            health.gone(false);
        }
        int work = 0;
        try {
            while (!ready.isEmpty()) {
                IoQueue queue = choose();
                if (queue == null) {
                    break;
                }
                issue(queue, ready.removeFirst());
                work++;
            }
        } finally {
            health.held(waiting.size());
        }
        return work;
    }

    private void issue(IoQueue queue, RemoteCommand command) {
        long limit = queue.limit(command);
        if (command.length > limit) {
            ready.addFirst(command(command.transfer(), command.position + limit, command.length - limit));
            command.length = limit;
        }
        queue.issue(command, nowNs);
    }

    /** No path works, or none is to be used any more. */
    private int hold() {
        if (withoutPathNs == NEVER) {
            withoutPathNs = nowNs;
        }
        health.held(ready.size() + waiting.size());
        // A drive whose paths have not all been tried yet is not gone.
        boolean lost = tried()
                && nowNs - withoutPathNs >= namespace.options().lossTime().toNanos();
        if (!closing && !lost) {
            return 0;
        }
        if (lost && !gone) {
            gone = true;
            health.gone(true);
        }
        int ended = 0;
        while (!ready.isEmpty()) {
            ended(ready.removeFirst(), IoStatus.GONE);
            ended++;
        }
        return ended;
    }

    private boolean tried() {
        for (int i = 0; i < paths.size(); i++) {
            if (!paths.get(i).tried()) {
                return false;
            }
        }
        return true;
    }

    private @Nullable RemotePath usable() {
        for (int i = 0; i < paths.size(); i++) {
            if (paths.get(i).queue() != null) {
                return paths.get(i);
            }
        }
        return null;
    }

    /** The path for the next command: of those of the best rank, the next with room, or the first. */
    private @Nullable IoQueue choose() {
        int best = Integer.MAX_VALUE;
        for (int i = 0; i < paths.size(); i++) {
            if (paths.get(i).queue() != null) {
                best = Math.min(best, paths.get(i).rank());
            }
        }
        int first = namespace.options().roundRobin() ? nextPath : 0;
        for (int i = 0; i < paths.size(); i++) {
            int index = (first + i) % paths.size();
            IoQueue queue = paths.get(index).queue();
            if (queue != null
                    && paths.get(index).rank() == best
                    && queue.queue().room() > 0) {
                nextPath = index + 1;
                return queue;
            }
        }
        return null;
    }

    /** A command has ended. */
    void ended(RemoteCommand command, int status) {
        Transfer transfer = command.transfer();
        command.end();
        freeCommands.add(command);
        if (status != IoStatus.OK) {
            transfer.failed(status);
        }
        if (!transfer.commandEnded()) {
            return;
        }
        Io io = transfer.io();
        int with = transfer.status();
        if (with != IoStatus.OK && with != IoStatus.GONE) {
            count(io);
        }
        transfer.end();
        freeTransfers.add(transfer);
        pending--;
        io.complete(with);
    }

    private void count(Io io) {
        if (io.operation() == Io.READ) {
            health.readError();
        } else {
            health.writeError();
        }
    }

    /**
     * A controller has answered that it did not carry a command out.
     *
     * @param elsewhere whether another path may do so at once
     */
    void again(RemoteCommand command, boolean elsewhere) {
        if (command.retries++ >= RETRIES_MAX) {
            failed(command);
        } else if (elsewhere) {
            ready.addFirst(command);
        } else {
            waiting.add(command, nowNs + (RETRY_NS << Math.min(command.retries, RETRY_SHIFT_MAX)));
        }
    }

    private void failed(RemoteCommand command) {
        ended(command, command.io().operation() == Io.READ ? IoStatus.READ_ERROR : IoStatus.WRITE_ERROR);
    }

    /** Nobody answers these any more, and until then they may still be carried out. */
    void orphaned(List<RemoteCommand> commands, long untilNs) {
        for (RemoteCommand command : commands) {
            if (command.changes()) {
                waiting.add(command, untilNs);
            } else {
                sentAgain(command);
            }
        }
        health.resent(commands.size());
    }

    private void sentAgain(RemoteCommand command) {
        if (command.strikes >= STRIKES_MAX) {
            failed(command);
        } else {
            ready.add(command);
        }
    }

    private int waited() {
        int count = 0;
        for (RemoteCommand next = waiting.next(nowNs); next != null; next = waiting.next(nowNs)) {
            sentAgain(next);
            count++;
        }
        return count;
    }

    RemoteHealth health() {
        return health;
    }

    @Override
    public long prepareSleep(long atNs) {
        return home == null ? sleepNs(atNs) : UNLIMITED;
    }

    private long sleepNs(long atNs) {
        if (!ready.isEmpty() && choose() != null) {
            return 0;
        }
        long limitNs = NEVER;
        for (int i = 0; i < paths.size(); i++) {
            limitNs = Math.min(limitNs, paths.get(i).sleepNs(atNs));
        }
        limitNs = waiting.leftNs(atNs, limitNs);
        if (withoutPathNs != NEVER && !gone && tried()) {
            long endNs = withoutPathNs + namespace.options().lossTime().toNanos();
            limitNs = Math.min(limitNs, Math.max(0, endNs - atNs));
        }
        return limitNs;
    }

    /**
     * Takes no more work, and lets go when all that there is has ended: on a thread of its own before this returns, on a reactor
     * afterwards, which a write that waits for its controller's end must not hold up.
     */
    @Override
    public void close() {
        close(() -> {});
    }

    /** @param closed called when it has let go */
    public void close(Runnable closed) {
        whenClosed = closed;
        health.paths(List.of());
        health.gone(false);
        health.held(0);
        health = new RemoteHealth();
        closing = true;
        while (home == null && pending > 0) {
            if (work(System.nanoTime()) == 0) {
                pause();
            }
        }
        if (pending == 0) {
            dispose();
        }
    }

    private void dispose() {
        if (home != null) {
            home.remove(driver);
        }
        paths.forEach(RemotePath::close);
        paths.clear();
        whenClosed.run();
    }
}
