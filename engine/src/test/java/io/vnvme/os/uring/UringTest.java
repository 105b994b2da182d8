package io.vnvme.os.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.os.EventFd;
import java.util.List;
import org.junit.jupiter.api.Test;

final class UringTest {
    @Test
    void nopsComeBackInABatch() {
        try (Uring ring = Uring.open(8, 16)) {
            assertThat(ring.entryCount()).isEqualTo(8);
            assertThat(ring.work()).isFalse();
            for (int i = 0; i < 8; i++) {
                Entry.nop(ring.entries(), ring.claim(), 100 + i);
            }
            assertThat(ring.claim()).as("a ninth of eight").isEqualTo(-1);
            assertThat(ring.unsubmitted()).isEqualTo(8);
            assertThat(ring.work()).isTrue();
            assertThat(ring.enter(8)).isZero();
            assertThat(ring.ready()).isEqualTo(8);
            for (int i = 0; i < 8; i++) {
                assertThat(ring.userData(i)).isEqualTo(100 + i);
                assertThat(ring.result(i)).isZero();
            }
            ring.consume(8);
            assertThat(ring.ready()).isZero();
            assertThat(ring.unsubmitted()).isZero();
        }
    }

    @Test
    void positionsWrapAroundWithEveryKindOfRing() {
        for (int wish : RingParameters.WISHES) {
            wrapAround(wish);
        }
    }

    private static void wrapAround(int wish) {
        try (Uring ring = Uring.open(4, 8, List.of(wish))) {
            assertThat(ring.defersWork()).isEqualTo((wish & RingParameters.SETUP_DEFER_TASKRUN) != 0);
            for (int round = 0; round < 1000; round++) {
                Entry.nop(ring.entries(), ring.claim(), round);
                assertThat(ring.enter(1)).isZero();
                assertThat(ring.userData(0)).isEqualTo(round);
                ring.consume(1);
            }
        }
    }

    @Test
    void signalsOnlyWhileTold() {
        try (Uring ring = Uring.open(4, 8);
                EventFd event = EventFd.create()) {
            ring.register(event);
            Entry.nop(ring.entries(), ring.claim(), 1);
            assertThat(ring.enter(1)).isZero();
            assertThat(event.drain()).isZero();
            ring.notify(true);
            Entry.nop(ring.entries(), ring.claim(), 2);
            assertThat(ring.enter(1)).isZero();
            assertThat(event.drain()).isPositive();
            ring.unregisterEvent();
        }
    }

    @Test
    void aThreadMayOpenRingsForEver() {
        for (int i = 0; i < 100; i++) {
            Uring.open(4, 8).close();
        }
    }
}
