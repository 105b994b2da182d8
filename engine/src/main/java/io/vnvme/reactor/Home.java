package io.vnvme.reactor;

import io.vnvme.os.Fd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What belongs to one reactor together - a pool with its drives, a connection with its controller - and may go to another one
 * as a whole.
 *
 * <p>Pollers and watches that are added here are the reactor's, and others reach them by {@link #execute} and {@link #call},
 * wherever they are. A move has three stages: nothing is polled any more, but what was begun ends where it began; each
 * {@link Resident} lets go of its old reactor; the mailbox of the new one carries all over, and with it the order of memory.
 */
public final class Home {
    /** A part that has something of its reactor's: a ring, a scheduler. */
    public interface Resident {
        /** On the reactor that it is about to leave: whether nothing that it has begun there is under way. */
        boolean settled();

        /** Lets go of what it has there; called once all are settled. */
        void leave();

        /** On the new reactor: takes there what it needs. */
        void enter(Reactor reactor);
    }

    private enum Stage {
        HERE,
        LEAVING,
        UNDER_WAY
    }

    private volatile Reactor reactor;
    // Of the reactor's thread alone, as all that lives here.
    private final List<Poller> pollers = new ArrayList<>();
    private final List<Watch> watches = new ArrayList<>();
    private final List<Resident> residents = new ArrayList<>();
    private final List<Runnable> early = new ArrayList<>();
    private Stage stage = Stage.HERE;

    public Home(Reactor reactor) {
        this.reactor = reactor;
    }

    /** Where it is: only on that reactor's thread is it certain to stay so. */
    public Reactor reactor() {
        return reactor;
    }

    /** Runs {@code command} on the reactor that this is at then. From any thread. */
    public void execute(Runnable command) {
        Reactor at = reactor;
        at.execute(() -> {
            if (at != reactor) {
                execute(command);
            } else if (stage == Stage.UNDER_WAY) {
                early.add(command);
            } else {
                command.run();
            }
        });
    }

    /**
     * Runs {@code command} on the reactor that this is at, and waits for its result. Not for the thread of another reactor.
     *
     * @throws CompletionException with what the command threw as its cause
     */
    public <T extends @Nullable Object> T call(Callable<T> command) {
        if (reactor.onThread()) {
            return Reactor.run(command);
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        execute(() -> Reactor.complete(answer, command));
        reactor.failIfEnded(answer);
        return answer.join();
    }

    /** On the reactor's thread: polls {@code poller} on every pass from now on. */
    public void add(Poller poller) {
        pollers.add(poller);
        if (stage == Stage.HERE) {
            reactor.add(poller);
        }
    }

    /** On the reactor's thread: the counterpart of {@link #add(Poller)}; one that is not there is no error. */
    public void remove(Poller poller) {
        pollers.removeIf(p -> p == poller);
        reactor.remove(poller);
    }

    /** On the reactor's thread: asked and told when this moves. */
    public void add(Resident resident) {
        residents.add(resident);
    }

    /** On the reactor's thread: the counterpart of {@link #add(Resident)}. */
    public void remove(Resident resident) {
        residents.remove(resident);
    }

    /** On the reactor's thread: calls {@code readiness} whenever {@code fd} is ready for one of {@code events}. */
    public Watch watch(Fd fd, int events, Watch.Readiness readiness) {
        Watch watch = reactor.watch(fd, events, readiness);
        watch.closing(() -> watches.remove(watch));
        watches.add(watch);
        if (stage != Stage.HERE) {
            watch.leave();
        }
        return watch;
    }

    /**
     * Moves homes together, so that what one has of another stays where it is. From any thread.
     *
     * @param homes says on the thread of {@code from} which; those that are elsewhere stay there
     * @param done told on the thread of {@code to} that they have arrived, or on either what went wrong
     */
    public static void move(
            Reactor from, Reactor to, Supplier<List<Home>> homes, Consumer<@Nullable RuntimeException> done) {
        from.execute(() -> {
            try {
                List<Home> moving = homes.get().stream()
                        .distinct()
                        .filter(home -> home.reactor == from && home.stage == Stage.HERE)
                        .toList();
                moving.forEach(Home::pause);
                from.add(new Departure(from, to, moving, done));
            } catch (RuntimeException e) {
                done.accept(e);
            }
        });
    }

    /** Nothing new begins here. */
    private void pause() {
        stage = Stage.LEAVING;
        // One that threw is with the reactor no more, and is not taken along.
        pollers.removeIf(poller -> !reactor.remove(poller));
        watches.forEach(Watch::leave);
    }

    private boolean settled() {
        return residents.stream().allMatch(Resident::settled);
    }

    private void leave() {
        residents.forEach(Resident::leave);
        stage = Stage.UNDER_WAY;
    }

    private void arrive() {
        stage = Stage.HERE;
        RuntimeException failure = null;
        for (Resident resident : residents) {
            try {
                resident.enter(reactor);
            } catch (RuntimeException e) {
                failure = e;
            }
        }
        pollers.forEach(reactor::add);
        watches.forEach(watch -> watch.enter(reactor));
        List<Runnable> waiting = List.copyOf(early);
        early.clear();
        // Behind what else has arrived with it.
        waiting.forEach(reactor::execute);
        if (failure != null) {
            throw failure;
        }
    }

    /** Waits on the old reactor until all that moves has come to rest, then hands it over. */
    private record Departure(Reactor from, Reactor to, List<Home> homes, Consumer<@Nullable RuntimeException> done)
            implements Poller {
        @Override
        public int poll(long nowNs) {
            if (!homes.stream().allMatch(Home::settled)) {
                return 0;
            }
            from.remove(this);
            homes.forEach(Home::leave);
            // From here on nothing of theirs is touched by this thread.
            homes.forEach(home -> home.reactor = to);
            to.execute(this::arrive);
            return 1;
        }

        private void arrive() {
            RuntimeException failure = null;
            for (Home home : homes) {
                try {
                    home.arrive();
                } catch (RuntimeException e) {
                    failure = e;
                }
            }
            done.accept(failure);
        }

        @Override
        public long prepareSleep(long nowNs) {
            return 0;
        }
    }
}
