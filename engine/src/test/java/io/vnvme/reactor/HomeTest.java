package io.vnvme.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.os.Epoll;
import io.vnvme.os.EventFd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Moves between reactors, stepped one by one and at full speed. */
@Timeout(30)
final class HomeTest {
    private final Reactor a = Reactor.stepped(() -> 0);
    private final Reactor b = Reactor.stepped(() -> 0);
    private final Home home = new Home(a);
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        a.close();
        b.close();
    }

    private class Polled implements Poller {
        @Override
        public int poll(long nowNs) {
            log.add("polled");
            return 0;
        }

        @Override
        public long prepareSleep(long nowNs) {
            return UNLIMITED;
        }
    }

    private final class Guest implements Home.Resident {
        private boolean settled;

        @Override
        public boolean settled() {
            return settled;
        }

        @Override
        public void leave() {
            log.add("leaves");
        }

        @Override
        public void enter(Reactor reactor) {
            log.add("enters " + (reactor == b ? "b" : "a"));
        }
    }

    private void move() {
        Home.move(a, b, () -> List.of(home), failure -> log.add(failure == null ? "there" : failure.toString()));
    }

    @Test
    void whatWasBegunEndsBeforeAnythingMoves() {
        Guest guest = new Guest();
        home.add(new Polled());
        home.add(guest);
        move();
        a.doWork();
        a.doWork();
        assertThat(log).as("no longer polled, and not gone").isEmpty();
        home.execute(() -> log.add("command"));
        a.doWork();
        assertThat(log).containsExactly("command");
        guest.settled = true;
        a.doWork();
        assertThat(log).containsExactly("command", "leaves");
        assertThat(home.reactor()).isSameAs(b);
        home.execute(() -> log.add("later"));
        a.doWork();
        assertThat(log).doesNotContain("later");
        b.doWork();
        assertThat(log).containsExactly("command", "leaves", "enters b", "there", "later", "polled");
    }

    @Test
    void aCommandOnItsWayFollows() {
        home.execute(() -> log.add("first"));
        move();
        home.execute(() -> log.add("second"));
        a.doWork();
        a.doWork();
        b.doWork();
        home.execute(() -> log.add("third"));
        b.doWork();
        assertThat(log).containsExactly("first", "second", "there", "third");
    }

    @Test
    void whatIsElsewhereStaysThere() {
        Home other = new Home(b);
        Home.move(a, b, () -> List.of(home, other, home), failure -> log.add("there"));
        a.doWork();
        a.doWork();
        b.doWork();
        assertThat(log).containsExactly("there");
        assertThat(home.reactor()).isSameAs(b);
        assertThat(other.reactor()).isSameAs(b);
    }

    @Test
    void whoCannotSayWhatIsToMoveIsTold() {
        Home.move(
                a,
                b,
                () -> {
                    throw new IllegalStateException("no");
                },
                failure -> log.add(String.valueOf(failure)));
        a.doWork();
        assertThat(log).containsExactly("java.lang.IllegalStateException: no");
        assertThat(home.reactor()).isSameAs(a);
    }

    @Test
    void descriptorsAreWatchedByTheNewReactorAlone() {
        try (EventFd bell = EventFd.create()) {
            Watch watch = home.watch(bell.fd(), Epoll.IN, _ -> {
                bell.drain();
                log.add("rung");
            });
            move();
            a.doWork();
            a.doWork();
            b.doWork();
            log.clear();
            bell.signal();
            look(a);
            assertThat(log).isEmpty();
            look(b);
            assertThat(log).containsExactly("rung");
            watch.close();
            bell.signal();
            look(b);
            assertThat(log).containsExactly("rung");
        }
    }

    /** Its clock stands still: it is asked to look at its sockets. */
    private static void look(Reactor reactor) {
        reactor.lookAtSockets(0);
    }

    @Test
    void aPollerThatFailedIsNotTakenAlong() {
        List<Throwable> failures = new ArrayList<>();
        try (Reactor from = Reactor.start("from", -1, IdlePolicy.POLL, failures::add);
                Reactor to = Reactor.start("to", -1, IdlePolicy.POLL, failures::add)) {
            Home moving = new Home(from);
            AtomicLong polls = new AtomicLong();
            moving.call(() -> {
                moving.add(new Polled() {
                    @Override
                    public int poll(long nowNs) {
                        polls.incrementAndGet();
                        throw new IllegalStateException("bad");
                    }
                });
                return true;
            });
            while (polls.get() == 0) {
                Thread.onSpinWait();
            }
            arrive(moving, from, to);
            moving.call(() -> true);
            assertThat(polls).hasValue(1);
        }
        assertThat(failures).hasSize(1);
    }

    private static void arrive(Home home, Reactor from, Reactor to) {
        CompletableFuture<Boolean> arrived = new CompletableFuture<>();
        Home.move(from, to, () -> List.of(home), _ -> arrived.complete(true));
        arrived.join();
    }

    /** No field of it is volatile: what one reactor wrote the other one sees, or the sum is wrong. */
    private static final class Counter implements Poller {
        private long polls;
        private long commands;

        @Override
        public int poll(long nowNs) {
            polls++;
            return 1;
        }

        @Override
        public long prepareSleep(long nowNs) {
            return UNLIMITED;
        }
    }

    @Test
    void nothingIsLostWhileItGoesToAndFro() throws InterruptedException {
        List<Throwable> failures = new ArrayList<>();
        try (Reactor one = Reactor.start("one", -1, IdlePolicy.ADAPTIVE, failures::add);
                Reactor two = Reactor.start("two", -1, IdlePolicy.INTERRUPT, failures::add)) {
            Home moving = new Home(one);
            Counter counter = new Counter();
            moving.call(() -> {
                moving.add(counter);
                return true;
            });
            int commands = 20_000;
            Thread caller = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < commands; i++) {
                    if (i % 2 == 0) {
                        moving.execute(() -> counter.commands++);
                    } else {
                        moving.call(() -> ++counter.commands);
                    }
                }
            });
            int moves = 0;
            while (caller.isAlive() || moves < 100) {
                arrive(moving, moves % 2 == 0 ? one : two, moves % 2 == 0 ? two : one);
                moves++;
            }
            caller.join();
            // The last execute is behind no call.
            while (moving.<Long>call(() -> counter.commands) < commands) {
                Thread.onSpinWait();
            }
            assertThat(moving.<Long>call(() -> counter.commands)).isEqualTo(commands);
            assertThat(moving.<Long>call(() -> counter.polls)).isPositive();
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void callsToAnEndedReactorFail() {
        Reactor ended = Reactor.start("r", -1, IdlePolicy.ADAPTIVE, _ -> {});
        Home there = new Home(ended);
        ended.close();
        assertThatThrownBy(() -> there.call(() -> 5)).hasMessageContaining("reactor r is closed");
    }
}
