package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ReservationMemoryTest {
    private static final ReservationMemory.Cause CAUSE = new ReservationMemory.Cause(3, 64, (1L << 47) + 5);

    private final MemorySegment memory = Arena.ofAuto().allocate(ReservationMemory.LAYOUT.sizeBytes(), 8);

    private static ReservationMemory.Kept kept(int size) {
        byte[] image = new byte[size];
        image[size - 1] = 9;
        return new ReservationMemory.Kept(image, size % 2 == 0, size % 3 == 0 ? null : CAUSE);
    }

    private ReservationMemory.Kept found() {
        return Objects.requireNonNull(new ReservationMemory(memory, true).last());
    }

    @Test
    void theLastIsFound() {
        ReservationMemory of = new ReservationMemory(memory, true);
        assertThat(of.last()).isNull();
        for (int size = ReservationImage.bytes(Reservations.REGISTRANTS_MAX); size > 0; size--) {
            of.keep(kept(size));
            ReservationMemory.Kept found = found();
            assertThat(found.image()).hasSize(size).endsWith(9);
            assertThat(found.persistent()).isEqualTo(size % 2 == 0);
            assertThat(found.cause()).isEqualTo(size % 3 == 0 ? null : CAUSE);
        }
    }

    /** All but the store that makes it the last one. */
    @Test
    void whatWasNotKeptToTheEndIsNotFound() {
        ReservationMemory of = new ReservationMemory(memory, true);
        for (int size = 1; size < 5; size++) {
            of.keep(kept(size));
            int last = memory.get(ValueLayout.JAVA_INT, 12);
            of.keep(kept(100));
            memory.set(ValueLayout.JAVA_INT, 12, last);
            assertThat(found().image()).hasSize(size);
        }
    }

    @Test
    void whatIsAboutAnotherTimeIsForgotten() {
        new ReservationMemory(memory, true).keep(kept(4));
        assertThat(new ReservationMemory(memory, false).last()).isNull();
        assertThat(new ReservationMemory(memory, true).last()).isNull();
    }

    @Test
    void damageIsFound() {
        ReservationMemory of = new ReservationMemory(memory, true);
        of.keep(kept(4));
        for (int bad : new int[] {-1, 3, 1 << 20}) {
            memory.set(ValueLayout.JAVA_INT, 12, bad);
            assertThatThrownBy(of::last).isInstanceOf(IllegalArgumentException.class);
        }
        memory.set(ValueLayout.JAVA_INT, 12, 1);
        for (int bad : new int[] {-1, 4096 - 32 + 1}) {
            memory.set(ValueLayout.JAVA_INT, 4096, bad);
            assertThatThrownBy(of::last).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
