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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ReactorTest {
    @Test
    void steppedPassRunsMailboxThenPollers() {
        long[] now = {0};
        try (Reactor reactor = Reactor.stepped(() -> now[0])) {
            List<String> order = new ArrayList<>();
            reactor.add(at -> {
                order.add("poll " + at);
                return 0;
            });
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
        IdlePolicy sleepy = new IdlePolicy(0, 3_600_000_000_000L, 3_600_000_000_000L);
        try (Reactor reactor = Reactor.start("r", -1, sleepy, failure -> {})) {
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
                reactor.add(now -> {
                    throw new IllegalStateException("bad");
                });
                reactor.add(now -> good.incrementAndGet());
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
        };
        Poller other = new Poller() {
            @Override
            public int poll(long nowNs) {
                return 0;
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
    void idleStateSpinsThenSleepsEverLonger() {
        IdleState state = new IdleState(new IdlePolicy(1000, 10, 35));
        assertThat(state.next(1, 0)).isZero();
        assertThat(state.next(0, 100)).isZero();
        assertThat(state.next(0, 1099)).isZero();
        assertThat(state.next(0, 1100)).isEqualTo(10);
        assertThat(state.next(0, 1110)).isEqualTo(20);
        assertThat(state.next(0, 1130)).isEqualTo(35);
        assertThat(state.next(0, 1165)).isEqualTo(35);
        state.woken(1200);
        assertThat(state.next(0, 1300)).isZero();
        assertThat(state.next(5, 9000)).isZero();
        assertThat(state.next(0, 9100)).isZero();
    }
}
