package io.vnvme.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DmaLogTest {
    private final DmaLog log = new GuestMemory().log();

    private List<Long> taken(long first, long last) {
        List<Long> pages = new ArrayList<>();
        log.take(first, last, pages::add);
        return pages;
    }

    @Test
    void aPageIsToldOnce() {
        log.start(this);
        log.add(0x1fff, 2);
        log.add(0x5000, 4096);
        assertThat(taken(0, -1)).containsExactlyInAnyOrder(0x1000L, 0x2000L, 0x5000L);
        assertThat(taken(0, -1)).isEmpty();
        log.add(0x5001, 1);
        assertThat(taken(0, -1)).containsExactly(0x5000L);
    }

    @Test
    void nothingIsNotedWhileItIsOff() {
        log.add(0, 4096);
        assertThat(taken(0, -1)).isEmpty();
        log.start(this);
        log.add(0, 4096);
        log.stop();
        log.start(this);
        assertThat(taken(0, -1)).as("what was noted before").isEmpty();
    }

    @Test
    void onlyARangeIsTaken() {
        log.start(this);
        log.add(0, 64 << 10);
        assertThat(taken(0x3001, 0x5000)).containsExactlyInAnyOrder(0x3000L, 0x4000L, 0x5000L);
        assertThat(taken(0, -1)).hasSize(13);
        log.add(0, 16 << 12);
        assertThat(log.take(0, -1, 5, page -> assertThat(page).isLessThan(5 << 12)))
                .isEqualTo(5);
        assertThat(taken(0, -1)).hasSize(11);
    }

    @Test
    void theEndOfTheAddressSpaceIsAPageAsAnyOther() {
        log.start(this);
        log.add(-4096, 4096);
        log.add(Long.MIN_VALUE - 1, 2);
        assertThat(taken(0, -1)).containsExactlyInAnyOrder(-4096L, Long.MAX_VALUE - 4095, Long.MIN_VALUE);
    }

    @Test
    void writesFarApartDoNotTakeAllMemory() {
        log.start(this);
        for (long chunk = 0; chunk < 1 << 14; chunk++) {
            log.add(chunk << 27, 1);
        }
        assertThat(log.overflowed()).isFalse();
        log.add(1L << 41, 1);
        assertThat(log.overflowed()).isTrue();
        log.stop();
        log.start(this);
        assertThat(log.overflowed()).isFalse();
    }

    @Test
    void randomWritesAreAllTold() {
        SplittableRandom random = new SplittableRandom(7);
        log.start(this);
        TreeSet<Long> expected = new TreeSet<>();
        for (int i = 0; i < 20_000; i++) {
            long iova = random.nextLong(1L << 36) & -(1L << random.nextInt(20));
            long length = 1L + random.nextInt(100_000);
            log.add(iova, length);
            for (long page = iova & -4096; page < iova + length; page += 4096) {
                expected.add(page);
            }
            if (random.nextInt(2000) == 0) {
                long limit = random.nextLong(1L << 36);
                assertThat(new TreeSet<>(taken(0, limit))).isEqualTo(expected.headSet(limit, true));
                expected.headSet(limit, true).clear();
            }
        }
        assertThat(new TreeSet<>(taken(0, -1))).isEqualTo(expected);
    }

    @Test
    void piecesOfAListAreNotedWhereTheGuestHasThem() {
        MemorySegment memory = Arena.ofAuto().allocate(8 << 12);
        Region mapped = new Region(0x10_0000, memory.byteSize(), memory, true, true);
        Region remote = new Region(0x20_0000, 1 << 20, null, true, true);
        Segments pieces = new Segments();
        pieces.add(mapped, 0x10_2800, 4096);
        pieces.add(remote, 0x20_5000, 512);
        pieces.add(memory, 0, 4096);
        log.start(this);
        log.add(pieces);
        assertThat(taken(0, -1)).containsExactlyInAnyOrder(0x10_2000L, 0x10_3000L, 0x20_5000L);
    }
}
