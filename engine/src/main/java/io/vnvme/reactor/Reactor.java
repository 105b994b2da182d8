package io.vnvme.reactor;

import io.vnvme.os.Cpu;
import io.vnvme.os.Epoll;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A thread that owns controllers: their registers, their queue pairs and the sockets their guests are reached by.
 *
 * <p>Everything that belongs to a reactor is touched by its thread alone; others hand in work by {@link #execute} and
 * {@link #call}. A pass ({@link #doWork}) takes the mailbox, looks at the sockets if it is time to, and polls. A test
 * steps a reactor that was made with {@link #stepped} by calling {@code doWork} itself.
 *
 * <p>A poller or a handler that throws takes neither the reactor nor the others down: it is removed, and the failure
 * goes to the reporter.
 */
public final class Reactor implements AutoCloseable {
    /**
     * A look at the sockets costs a system call, so a busy reactor has one only this often; while it finds nothing, ever more
     * seldom, up to the longer time.
     */
    private static final long SOCKET_INTERVAL_MIN_NS = 10_000;

    private static final long SOCKET_INTERVAL_MAX_NS = 80_000;
    /** While somebody waits for what arrives at a socket: a look takes a tenth of this. */
    private static final long SOCKET_INTERVAL_PROMPT_NS = 5_000;

    private static final long PROMPT_NS = 2_000_000;

    private static final long MAILBOX_TOKEN = 0;
    private static final long FOREVER = -1;

    private final String name;
    private final Clock clock;
    private final Consumer<Throwable> reporter;
    private final Queue<Runnable> mailbox = new ConcurrentLinkedQueue<>();
    private final EventFd wakeUp = EventFd.create();
    private final Epoll epoll = new Epoll();
    private final Watches watches = new Watches();
    private final IdleState idleState;
    private final BusyMeter meter;
    private Poller[] pollers = new Poller[0];
    private long socketIntervalNs = SOCKET_INTERVAL_MIN_NS;
    private long nextSocketLookNs = Long.MIN_VALUE;
    private long promptUntilNs = Long.MIN_VALUE;
    private volatile boolean sleeping;
    private volatile boolean closing;
    private volatile boolean ended;
    private @Nullable Thread thread;

    private Reactor(String name, Clock clock, IdlePolicy idle, Consumer<Throwable> reporter) {
        this.name = name;
        this.clock = clock;
        this.reporter = reporter;
        this.idleState = new IdleState(idle);
        this.meter = new BusyMeter(clock);
        epoll.add(wakeUp.fd(), Epoll.IN, MAILBOX_TOKEN);
    }

    /**
     * Starts a reactor on a thread of its own.
     *
     * @param cpu the processor it pins itself to; negative: wherever the kernel puts it
     * @param reporter told of what went wrong in pollers and handlers, on the reactor's thread
     */
    public static Reactor start(String name, int cpu, IdlePolicy idle, Consumer<Throwable> reporter) {
        Reactor reactor = new Reactor(name, Clock.system(), idle, reporter);
        Thread thread = Thread.ofPlatform().name(name).unstarted(() -> reactor.run(cpu));
        reactor.thread = thread;
        thread.start();
        return reactor;
    }

    /** A reactor without a thread: whoever calls {@link #doWork} is its thread. Failures are thrown, not reported. */
    public static Reactor stepped(Clock clock) {
        return new Reactor("stepped", clock, IdlePolicy.POLL, failure -> {
            throw new IllegalStateException("poller failed", failure);
        });
    }

    public String name() {
        return name;
    }

    /** Busy and sleeping time, and passes made; read by any thread. */
    public BusyMeter meter() {
        return meter;
    }

    /** Runs {@code command} on this reactor, soon. From any thread. */
    public void execute(Runnable command) {
        mailbox.add(command);
        if (sleeping) {
            wakeUp.signal();
        }
    }

    /**
     * Runs {@code command} on this reactor and waits for its result. Not for the reactor's own thread.
     *
     * @throws CompletionException with what the command threw as its cause
     */
    public <T extends @Nullable Object> T call(Callable<T> command) {
        if (onThread()) {
            return run(command);
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        execute(() -> complete(answer, command));
        failIfEnded(answer);
        return answer.join();
    }

    /** Whether the calling thread is this reactor's; of a stepped one, any is. */
    boolean onThread() {
        return thread == null || Thread.currentThread() == thread;
    }

    static <T extends @Nullable Object> T run(Callable<T> command) {
        try {
            return command.call();
        } catch (Exception failure) {
            throw new CompletionException(failure);
        }
    }

    static <T extends @Nullable Object> void complete(CompletableFuture<T> answer, Callable<T> command) {
        try {
            answer.complete(command.call());
        } catch (Throwable failure) {
            answer.completeExceptionally(failure);
        }
    }

    /** Who hands in work too late is told so, not left waiting: the last look at the mailbox comes after the flag. */
    void failIfEnded(CompletableFuture<?> answer) {
        if (ended) {
            answer.completeExceptionally(new IllegalStateException("reactor " + name + " is closed"));
        }
    }

    /** On the reactor's thread: polls {@code poller} on every pass from now on. */
    public void add(Poller poller) {
        Poller[] grown = Arrays.copyOf(pollers, pollers.length + 1);
        grown[pollers.length] = poller;
        pollers = grown;
    }

    /** On the reactor's thread: the counterpart of {@link #add}; one that is not there is no error. @return whether it was */
    public boolean remove(Poller poller) {
        int before = pollers.length;
        pollers = Arrays.stream(pollers).filter(p -> p != poller).toArray(Poller[]::new);
        return pollers.length < before;
    }

    /** On the reactor's thread: calls {@code readiness} whenever {@code fd} is ready for one of {@code events}. */
    public Watch watch(Fd fd, int events, Watch.Readiness readiness) {
        Watch watch = new Watch(fd, events, readiness);
        watch.enter(this);
        return watch;
    }

    /** @return what tells it from others */
    long admit(Watch watch) {
        long token = watches.add(watch);
        try {
            epoll.add(watch.fd(), watch.events(), token);
        } catch (RuntimeException e) {
            watches.forget(token);
            throw e;
        }
        return token;
    }

    void expectMore() {
        promptUntilNs = clock.nowNs() + PROMPT_NS;
    }

    void modify(Watch watch) {
        epoll.modify(watch.fd(), watch.events(), watch.token());
    }

    void unwatch(Watch watch) {
        watches.remove(watch);
        epoll.remove(watch.fd());
    }

    /** One pass. @return how much was done */
    public int doWork() {
        long nowNs = clock.nowNs();
        int work = runMailbox();
        if (nowNs >= nextSocketLookNs) {
            int found = lookAtSockets(0);
            socketIntervalNs =
                    found > 0 ? SOCKET_INTERVAL_MIN_NS : Math.min(socketIntervalNs * 2, SOCKET_INTERVAL_MAX_NS);
            nextSocketLookNs = nowNs + (nowNs < promptUntilNs ? SOCKET_INTERVAL_PROMPT_NS : socketIntervalNs);
            work += found;
        }
        Poller[] current = pollers;
        for (Poller poller : current) {
            work += poll(poller, nowNs);
        }
        return work;
    }

    private int poll(Poller poller, long nowNs) {
        try {
            return poller.poll(nowNs);
        } catch (InternalError fault) {
            memoryFault(fault);
            return 1;
        } catch (Throwable failure) {
            remove(poller);
            report(failure);
            return 1;
        }
    }

    private void memoryFault(InternalError fault) {
        report(fault);
        for (Poller poller : pollers) {
            poller.memoryFault();
        }
    }

    private int runMailbox() {
        int work = 0;
        for (Runnable command = mailbox.poll(); command != null; command = mailbox.poll()) {
            work++;
            try {
                command.run();
            } catch (Throwable failure) {
                report(failure);
            }
        }
        return work;
    }

    /** Waits at most {@code timeoutNs} for a socket, and serves those that are ready. */
    int lookAtSockets(long timeoutNs) {
        int ready = epoll.await(timeoutNs);
        for (int i = 0; i < ready; i++) {
            long token = epoll.token(i);
            if (token == MAILBOX_TOKEN) {
                wakeUp.drain();
                continue;
            }
            Watch watch = watches.find(token);
            if (watch == null) {
                continue;
            }
            try {
                watch.dispatch(epoll.events(i));
            } catch (InternalError fault) {
                memoryFault(fault);
            } catch (Throwable failure) {
                watch.close();
                report(failure);
            }
        }
        return ready;
    }

    private void report(Throwable failure) {
        reporter.accept(failure);
    }

    private void run(int cpu) {
        if (cpu >= 0) {
            Cpu.pin(cpu);
        }
        while (!closing) {
            try {
                pass();
            } catch (InternalError fault) {
                memoryFault(fault);
            }
        }
        ended = true;
        runMailbox();
    }

    private void pass() {
        int work = doWork();
        long endNs = clock.nowNs();
        meter.pass(work, endNs);
        if (idleState.next(work, endNs)) {
            sleep();
        } else if (work == 0) {
            Thread.onSpinWait();
        }
    }

    /** A command handed in after {@code sleeping} is visible wakes us; one handed in before is seen here. */
    private void sleep() {
        sleeping = true;
        if (mailbox.isEmpty() && !closing) {
            long fromNs = clock.nowNs();
            long limitNs = sleepLimit(fromNs);
            if (limitNs > 0) {
                sleep(fromNs, limitNs);
            }
        }
        sleeping = false;
    }

    private void sleep(long fromNs, long limitNs) {
        meter.sleeps(fromNs);
        int found = lookAtSockets(limitNs == Poller.UNLIMITED ? FOREVER : limitNs);
        long nowNs = clock.nowNs();
        meter.slept(nowNs);
        idleState.slept();
        if (found > 0) {
            idleState.worked(nowNs);
        }
        socketIntervalNs = SOCKET_INTERVAL_MIN_NS;
        nextSocketLookNs = nowNs + socketIntervalNs;
    }

    /** How long all pollers let the reactor sleep; 0 when one does not. */
    private long sleepLimit(long nowNs) {
        long limitNs = Poller.UNLIMITED;
        for (Poller poller : pollers) {
            try {
                limitNs = Math.min(limitNs, poller.prepareSleep(nowNs));
            } catch (InternalError fault) {
                memoryFault(fault);
                return 0;
            } catch (Throwable failure) {
                remove(poller);
                report(failure);
                return 0;
            }
            if (limitNs <= 0) {
                return 0;
            }
        }
        return limitNs;
    }

    /** Ends the thread after its current pass, and gives everything back. Watches and pollers should be gone before. */
    @Override
    public void close() {
        closing = true;
        wakeUp.signal();
        Thread running = thread;
        if (running != null && running != Thread.currentThread()) {
            joinUninterruptibly(running);
        }
        epoll.close();
        wakeUp.close();
    }

    private static void joinUninterruptibly(Thread running) {
        boolean interrupted = false;
        while (running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
