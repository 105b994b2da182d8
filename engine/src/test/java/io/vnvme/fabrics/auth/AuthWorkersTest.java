package io.vnvme.fabrics.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AuthWorkersTest {
    private static final long LIMIT_SECONDS = 20;

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Whoever asks for the largest groups again and again has one thread, and no more. */
    @Test
    void onePartyKeepsNobodyElseOut() {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch ran = new CountDownLatch(1);
        AtomicInteger atOnce = new AtomicInteger();
        List<Integer> most = new CopyOnWriteArrayList<>();
        CountDownLatch all = new CountDownLatch(8);
        try (AuthWorkers workers = AuthWorkers.start("test-auth", 2)) {
            for (int i = 0; i < 8; i++) {
                workers.run("greedy", () -> {
                    most.add(atOnce.incrementAndGet());
                    await(held);
                    atOnce.decrementAndGet();
                    all.countDown();
                });
            }
            assertThat(workers.run("other", ran::countDown)).isTrue();
            await(ran);
            held.countDown();
            await(all);
        }
        assertThat(most).hasSize(8).containsOnly(1);
    }

    @Test
    void partiesTakeTurns() {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(6);
        List<String> order = new CopyOnWriteArrayList<>();
        try (AuthWorkers workers = AuthWorkers.start("test-auth", 1)) {
            workers.run("first", () -> await(held));
            for (String each : List.of("a", "a", "a", "b", "b", "c")) {
                workers.run(each, () -> {
                    order.add(each);
                    all.countDown();
                });
            }
            held.countDown();
            await(all);
        }
        assertThat(order).containsExactly("a", "b", "c", "a", "b", "a");
    }

    @Test
    void whatWaitsIsBoundedForEachAndForAll() {
        CountDownLatch held = new CountDownLatch(1);
        try (AuthWorkers workers = AuthWorkers.start("test-auth", 1)) {
            CountDownLatch begun = new CountDownLatch(1);
            workers.run("a", () -> {
                begun.countDown();
                await(held);
            });
            await(begun);
            List<Boolean> taken = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                taken.add(workers.run("a", () -> {}));
            }
            assertThat(taken.stream().filter(t -> t)).hasSize(256);
            int all = 256;
            for (int i = 0; i < 2000; i++) {
                all += workers.run("b" + i, () -> {}) ? 1 : 0;
            }
            assertThat(all).isEqualTo(1024);
            held.countDown();
        }
    }

    @Test
    void aDefectOfOneEndsNoThread() {
        CountDownLatch ran = new CountDownLatch(1);
        try (AuthWorkers workers = AuthWorkers.start("test-auth", 1)) {
            workers.run("a", () -> {
                throw new IllegalStateException("expected in this test");
            });
            workers.run("a", ran::countDown);
            await(ran);
        }
    }

    @Test
    void nothingIsTakenOnceClosed() {
        AuthWorkers workers = AuthWorkers.start("test-auth", 1);
        workers.close();
        assertThat(workers.run("a", () -> {})).isFalse();
    }
}
