package io.vnvme.control.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ServiceNoticesTest {
    private final List<String> told = new CopyOnWriteArrayList<>();

    @Test
    void itIsToldOfEachStepAndOfEveryPulse() {
        ServiceNotices notices = new ServiceNotices(told::add, Optional.of(Duration.ofMillis(30)));
        AtomicInteger pulses = new AtomicInteger();
        notices.serving("2 drives", pulses::incrementAndGet);
        await().until(() -> told.size() > 3);
        notices.close();

        assertThat(told.getFirst()).isEqualTo("READY=1\nSTATUS=2 drives");
        assertThat(told.subList(1, 4)).containsOnly("WATCHDOG=1");
        assertThat(told).contains("STOPPING=1");
        assertThat(pulses).hasValueGreaterThanOrEqualTo(3);
    }

    /** A pulse that does not come back is what the watchdog is for: nothing is told of one that was not seen. */
    @Test
    void whatHangsIsNotToldToWork() throws InterruptedException {
        CountDownLatch hanging = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        ServiceNotices notices = new ServiceNotices(told::add, Optional.of(Duration.ofMillis(3)));
        notices.serving("hangs", () -> {
            asked.countDown();
            awaitQuietly(hanging);
        });
        asked.await();
        Thread.sleep(30);
        assertThat(told).hasSize(1);
        hanging.countDown();
        await().until(() -> told.contains("WATCHDOG=1"));
        notices.close();
    }

    @Test
    void aPulseThatFailsIsTheLast() {
        ServiceNotices notices = new ServiceNotices(told::add, Optional.of(Duration.ofMillis(3)));
        AtomicInteger pulses = new AtomicInteger();
        notices.serving("fails", () -> {
            pulses.incrementAndGet();
            throw new IllegalStateException("a reactor has ended");
        });
        await().untilAsserted(() -> assertThat(pulses).hasValue(1));
        notices.close();
        assertThat(told).doesNotContain("WATCHDOG=1").endsWith("STOPPING=1");
    }

    @Test
    void nobodyIsToldWhereThereIsNoManager() throws InterruptedException {
        AtomicInteger pulses = new AtomicInteger();
        ServiceNotices notices = ServiceNotices.of(Map.of("WATCHDOG_USEC", "1000"));
        notices.serving("alone", pulses::incrementAndGet);
        Thread.sleep(20);
        notices.close();
        assertThat(pulses).hasValue(0);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
