package io.vnvme.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.os.Epoll;
import io.vnvme.os.EventFd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ReactorTest {
    @Test
    void steppedPassRunsMailboxThenPollers() {
        long[] now = {0};
        try (Reactor reactor = Reactor.stepped(() -> now[0])) {
            List<String> order = new ArrayList<>();
            reactor.add(poller(at -> {
                order.add("poll " + at);
                return 0;
            }));
            reactor.execute(() -> order.add("mail"));
            now[0] = 7;
            assertThat(reactor.doWork()).isEqualTo(1);
            assertThat(reactor.doWork()).isZero();
            assertThat(order).containsExactly("mail", "poll 7", "poll 7");
        }
    }

    @Test
    void callsAfterTheEndFail() {
        Reactor reactor = Reactor.start("r", -1, IdlePolicy.ADAPTIVE, failure -> {});
        assertThat(reactor.call(() -> 5)).isEqualTo(5);
        reactor.close();
        assertThatThrownBy(() -> reactor.call(() -> 5)).hasMessageContaining("reactor r is closed");
    }

    @Test
    void socketsAreServedWhileBusyAndWhileIdle() throws Exception {
        try (Reactor reactor = Reactor.start("r", -1, IdlePolicy.ADAPTIVE, failure -> {});
                EventFd bell = EventFd.create()) {
            AtomicInteger rung = new AtomicInteger();
            CountDownLatch third = new CountDownLatch(3);
            Watch watch = reactor.call(() -> reactor.watch(bell.fd(), Epoll.IN, events -> {
                bell.drain();
                rung.incrementAndGet();
                third.countDown();
            }));
            while (third.getCount() > 0) {
                int before = rung.get();
                bell.signal();
                while (rung.get() == before) {
                    Thread.onSpinWait();
                }
            }
            assertThat(third.await(1, TimeUnit.SECONDS)).isTrue();
            reactor.call(() -> {
                watch.close();
                return true;
            });
        }
    }

    @Test
    void commandsWakeASleepingReactor() {
        try (Reactor reactor = Reactor.start("r", -1, IdlePolicy.INTERRUPT, failure -> {})) {
            for (int i = 0; i < 20_000; i++) {
                int number = i;
                assertThat(reactor.<Integer>call(() -> number)).isEqualTo(number);
            }
        }
    }

    @Test
    void aPollerThatThrowsIsRemovedAndReportedAndTheOthersGoOn() throws Exception {
        CompletableFuture<Throwable> reported = new CompletableFuture<>();
        AtomicInteger good = new AtomicInteger();
        try (Reactor reactor = Reactor.start("r", -1, IdlePolicy.POLL, reported::complete)) {
            reactor.execute(() -> {
                reactor.add(poller(now -> {
                    throw new IllegalStateException("bad");
                }));
                reactor.add(poller(now -> good.incrementAndGet()));
            });
            assertThat(reported.get()).hasMessage("bad");
            int seen = good.get();
            while (good.get() < seen + 10) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void afterAFaultInMemoryAllPollersLookWhetherItWasTheirs() throws Exception {
        CompletableFuture<Throwable> reported = new CompletableFuture<>();
        CountDownLatch polledOn = new CountDownLatch(3);
        CountDownLatch told = new CountDownLatch(1);
        Poller faulting = new Poller() {
            @Override
            public int poll(long nowNs) {
                polledOn.countDown();
                throw new InternalError("a fault");
            }

            @Override
            public long prepareSleep(long nowNs) {
                return UNLIMITED;
            }
        };
        Poller other = new Poller() {
            @Override
            public int poll(long nowNs) {
                return 0;
            }

            @Override
            public long prepareSleep(long nowNs) {
                return UNLIMITED;
            }

            @Override
            public void memoryFault() {
                told.countDown();
            }
        };
        try (Reactor reactor = Reactor.start("r", -1, IdlePolicy.ADAPTIVE, reported::complete)) {
            reactor.execute(() -> {
                reactor.add(faulting);
                reactor.add(other);
            });
            told.await();
            polledOn.await();
            assertThat(reported.get()).isInstanceOf(InternalError.class);
        }
    }

    @Test
    void callHandsBackFailures() {
        try (Reactor reactor = Reactor.start("r", -1, IdlePolicy.ADAPTIVE, failure -> {})) {
            assertThatThrownBy(() -> reactor.call(() -> {
                        throw new java.io.IOException("no");
                    }))
                    .isInstanceOf(CompletionException.class)
                    .hasRootCauseMessage("no");
        }
    }

    @Test
    void theReactorSleepsUntilTheFirstPollerNeedsIt() throws Exception {
        CountDownLatch woken = new CountDownLatch(3);
        try (Reactor reactor = Reactor.start("r", -1, IdlePolicy.INTERRUPT, failure -> {})) {
            reactor.execute(() -> {
                reactor.add(poller(now -> 0));
                reactor.add(new Poller() {
                    private long dueNs = Long.MIN_VALUE;

                    @Override
                    public int poll(long nowNs) {
                        if (nowNs < dueNs) {
                            return 0;
                        }
                        dueNs = nowNs + 20_000_000;
                        woken.countDown();
                        return 1;
                    }

                    @Override
                    public long prepareSleep(long nowNs) {
                        return Math.max(0, dueNs - nowNs);
                    }
                });
            });
            assertThat(woken.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(reactor.meter().asleepNs()).isPositive();
        }
    }

    @Test
    void aPollerThatThrowsBeforeASleepIsRemovedAndReported() throws Exception {
        CompletableFuture<Throwable> reported = new CompletableFuture<>();
        try (Reactor reactor = Reactor.start("r", -1, IdlePolicy.INTERRUPT, reported::complete)) {
            reactor.execute(() -> reactor.add(new Poller() {
                @Override
                public int poll(long nowNs) {
                    return 0;
                }

                @Override
                public long prepareSleep(long nowNs) {
                    throw new IllegalStateException("bad sleep");
                }
            }));
            assertThat(reported.get()).hasMessage("bad sleep");
            assertThat(reactor.<Integer>call(() -> 7)).isEqualTo(7);
        }
    }

    @Test
    void pollingGoesOnForAsLongAsItHasPaid() {
        IdleState state = new IdleState(new IdlePolicy("test", 10, 40));
        assertThat(state.next(1, 0)).isFalse();
        assertThat(state.next(0, 100)).as("the first pass without work").isFalse();
        assertThat(state.next(0, 109)).isFalse();
        assertThat(state.next(0, 110)).isTrue();
        state.slept();
        assertThat(state.next(0, 115)).as("a sleep that ended in nothing").isTrue();
        state.worked(120);
        assertThat(sleepsAfter(state, 120)).as("missed by a little").isEqualTo(20);
        state.slept();
        state.worked(145);
        assertThat(sleepsAfter(state, 145)).isEqualTo(40);
        state.slept();
        state.worked(185);
        assertThat(sleepsAfter(state, 185)).as("in vain").isEqualTo(20);
    }

    /** Time without work until the state wants to sleep. */
    private static long sleepsAfter(IdleState state, long fromNs) {
        for (long nowNs = fromNs; nowNs < fromNs + 1000; nowNs++) {
            if (state.next(0, nowNs)) {
                return nowNs - fromNs;
            }
        }
        return Long.MAX_VALUE;
    }

    @Test
    void thePolicyPollNeverSleeps() {
        IdleState state = new IdleState(IdlePolicy.POLL);
        assertThat(state.next(0, 0)).isFalse();
        assertThat(state.next(0, Long.MAX_VALUE)).isFalse();
    }

    @Test
    void policiesAreKnownByName() {
        assertThat(IdlePolicy.of("poll")).isEqualTo(IdlePolicy.POLL);
        assertThat(IdlePolicy.of("adaptive")).isEqualTo(IdlePolicy.ADAPTIVE);
        assertThat(IdlePolicy.of("interrupt")).isEqualTo(IdlePolicy.INTERRUPT);
        assertThatThrownBy(() -> IdlePolicy.of("lazy")).hasMessageContaining("poll, adaptive or interrupt");
    }

    private static Poller poller(LongToIntFunction poll) {
        return new Poller() {
            @Override
            public int poll(long nowNs) {
                return poll.applyAsInt(nowNs);
            }

            @Override
            public long prepareSleep(long nowNs) {
                return UNLIMITED;
            }
        };
    }
}
