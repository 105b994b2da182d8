package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UpgradesTest {
    private static final class Next implements Succession {
        volatile Optional<String> refusal = Optional.empty();
        volatile Runnable end = () -> {};
        final AtomicInteger prepared = new AtomicInteger();

        @Override
        public Optional<String> prepare() {
            prepared.incrementAndGet();
            return refusal;
        }

        @Override
        public String go() {
            end.run();
            return "the new daemon is gone";
        }
    }

    @TempDir
    Path folder;

    private final Next next = new Next();
    private volatile Optional<String> hindrance = Optional.empty();
    private EventLog events;
    private Upgrades upgrades;

    @AfterEach
    void tearDown() {
        events.close();
    }

    @BeforeEach
    void setUp() {
        events = new EventLog(folder);
        upgrades = new Upgrades("1", next, () -> hindrance, events);
    }

    private List<String> failures() {
        return events.after(0, Duration.ZERO).stream()
                .filter(e -> e.kind().equals(EventKind.UPGRADE_FAILED.text()))
                .map(EventInfo::text)
                .toList();
    }

    @Test
    void whatNoOtherProcessCouldGoOnWithIsSaidBeforeOneIsStarted() {
        hindrance = Optional.of("guests wait for vNVMe d1: bring that back first");
        assertThat(problem(upgrades::upgrade).detail()).isEqualTo("guests wait for vNVMe d1: bring that back first");
        assertThat(next.prepared.get()).isZero();
        hindrance = Optional.empty();
        next.refusal = Optional.of("its program is not there");
        assertThat(problem(upgrades::upgrade).detail()).contains("its program is not there; this one goes on");
        assertThat(next.prepared.get()).isEqualTo(1);
    }

    @Test
    void oneAtATime() {
        CountDownLatch ends = new CountDownLatch(1);
        next.end = () -> {
            try {
                ends.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        assertThat(upgrades.upgrade().version()).isEqualTo("1");
        assertThat(problem(upgrades::upgrade).code()).isEqualTo(ProblemCode.UPGRADE_REFUSED);
        assertThat(next.prepared.get()).isEqualTo(1);
        ends.countDown();
        await().untilAsserted(() -> assertThat(failures())
                .singleElement()
                .asString()
                .contains("this daemon goes on: the new daemon is gone"));
        next.refusal = Optional.of("not again");
        assertThat(problem(upgrades::upgrade).detail()).contains("not again");
    }

    /** The holder does not answer any more, say. */
    @Test
    void anEndThatFailsIsTold() {
        next.end = () -> {
            throw new IllegalStateException("the holder said nothing");
        };
        upgrades.upgrade();
        await().untilAsserted(() -> assertThat(failures())
                .singleElement()
                .asString()
                .contains("this daemon goes on: the holder said nothing"));
        next.refusal = Optional.of("not again");
        assertThat(problem(upgrades::upgrade).detail()).contains("not again");
    }
}
