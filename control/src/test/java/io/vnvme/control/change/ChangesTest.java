package io.vnvme.control.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ChangeInfo;
import io.vnvme.control.model.ProblemException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ChangesTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final Map<Resource, Object> world = new ConcurrentHashMap<>();
    private final Changes changes = new Changes(() -> new LinkedHashMap<>(world));

    @AfterEach
    void tearDown() {
        changes.close();
    }

    private static Resource vnvme(String name) {
        return new Resource("vnvme", name);
    }

    private static ChangeInfo next(ChangeStream stream) throws InterruptedException {
        return stream.next(LONG).orElseThrow();
    }

    @Test
    void tellsWhatIsCreatedChangedAndRemoved() throws InterruptedException {
        world.put(vnvme("old"), 1);
        try (ChangeStream stream = changes.open(OptionalLong.empty())) {
            assertThat(stream.anew()).isTrue();
            List<ChangeInfo> seen = new ArrayList<>();
            world.put(vnvme("d1"), 1);
            changes.nudge();
            seen.add(next(stream));
            world.put(vnvme("d1"), 2);
            changes.nudge();
            seen.add(next(stream));
            world.remove(vnvme("d1"));
            changes.nudge();
            seen.add(next(stream));
            assertThat(seen).extracting(ChangeInfo::name).containsOnly("d1");
            assertThat(seen).extracting(ChangeInfo::kind).containsOnly("vnvme");
            assertThat(seen).extracting(ChangeInfo::what).containsExactly("created", "changed", "removed");
            assertThat(seen)
                    .extracting(ChangeInfo::id)
                    .containsExactly(stream.startId() + 1, stream.startId() + 2, stream.startId() + 3);
        }
    }

    @Test
    void looksWithoutANudgeToo() throws InterruptedException {
        try (ChangeStream stream = changes.open(OptionalLong.empty())) {
            world.put(vnvme("d1"), 1);
            assertThat(next(stream).what()).isEqualTo("created");
        }
    }

    @Test
    void whoComesBackIsToldWhatDiffersThoughNobodyLookedMeanwhile() throws InterruptedException {
        long last;
        try (ChangeStream stream = changes.open(OptionalLong.empty())) {
            last = stream.startId();
        }
        world.put(vnvme("d1"), 1);
        world.put(vnvme("d1"), 2);
        try (ChangeStream stream = changes.open(OptionalLong.of(last))) {
            assertThat(stream.anew()).isFalse();
            assertThat(next(stream))
                    .extracting(ChangeInfo::id, ChangeInfo::what)
                    .containsExactly(last + 1, "created");
            assertThat(stream.next(Duration.ZERO)).isEmpty();
        }
        // Again from the same place: the change is kept.
        try (ChangeStream stream = changes.open(OptionalLong.of(last))) {
            assertThat(next(stream).id()).isEqualTo(last + 1);
        }
    }

    @Test
    void whoMissedTooMuchOrComesFromElsewhereBeginsAnew() {
        long first;
        try (ChangeStream stream = changes.open(OptionalLong.empty())) {
            first = stream.startId();
        }
        for (int i = 0; i <= Changes.KEPT_MAX; i++) {
            changes.publish(vnvme("d" + i), "created");
        }
        for (long after : new long[] {first, first - 1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            try (ChangeStream stream = changes.open(OptionalLong.of(after))) {
                assertThat(stream.anew()).as("after %d", after).isTrue();
                assertThat(stream.startId()).isEqualTo(first + Changes.KEPT_MAX + 1);
            }
        }
        try (ChangeStream stream = changes.open(OptionalLong.of(first + 1))) {
            assertThat(stream.anew()).isFalse();
        }
    }

    @Test
    void aClientThatDoesNotKeepUpIsDroppedAndOthersAreTold() throws InterruptedException {
        try (ChangeStream slow = changes.open(OptionalLong.empty())) {
            Thread.interrupted();
            Optional<ChangeInfo> told = Optional.empty();
            try (ChangeStream quick = changes.open(OptionalLong.empty())) {
                for (int i = 0; i <= Changes.QUEUED_MAX; i++) {
                    assertThat(changes.streamCount()).isEqualTo(2);
                    changes.publish(vnvme("d" + i), "created");
                    if (i < Changes.QUEUED_MAX) {
                        told = quick.next(LONG);
                    }
                }
                // The drop is an interrupt, which is this thread's here, and both streams are its own.
                assertThat(Thread.interrupted()).isTrue();
                assertThat(changes.streamCount()).isEqualTo(1);
                assertThat(told.orElseThrow().name()).isEqualTo("d" + (Changes.QUEUED_MAX - 1));
                assertThat(next(quick).name()).isEqualTo("d" + Changes.QUEUED_MAX);
            }
            assertThatThrownBy(() -> slow.next(LONG)).isInstanceOf(InterruptedException.class);
        }
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void theirNumberIsBoundedAndAllEndWithTheDaemon() {
        List<ChangeStream> all = new ArrayList<>();
        for (int i = 0; i < Changes.STREAMS_MAX; i++) {
            all.add(changes.open(OptionalLong.empty()));
        }
        assertThatThrownBy(() -> changes.open(OptionalLong.empty()))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("64 clients");
        changes.close();
        all.forEach(s -> assertThatThrownBy(() -> s.next(LONG)).isInstanceOf(InterruptedException.class));
        all.forEach(ChangeStream::close);
        assertThat(changes.streamCount()).isZero();
        assertThatThrownBy(() -> changes.open(OptionalLong.empty())).hasMessageContaining("ending");
    }
}
