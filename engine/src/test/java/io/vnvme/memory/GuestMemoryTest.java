package io.vnvme.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
    private final GuestMemory memory = new GuestMemory();

    @Test
    void findsWhatIsMappedAndNothingElse() {
        Region low = region(0x1000, 0x1000);
        Region high = region(0xffff_ffff_ffff_f000L, 0x1000);
        memory.map(high);
        memory.map(low);

        assertThat(memory.find(0x0fff)).isNull();
        assertThat(memory.find(0x1000)).isSameAs(low);
        assertThat(memory.find(0x1fff)).isSameAs(low);
        assertThat(memory.find(0x2000)).isNull();
        assertThat(memory.find(-1)).isSameAs(high);
        assertThat(memory.find(0xffff_ffff_ffff_efffL)).isNull();
    }

    @Test
    void refusesOverlaps() {
        memory.map(region(0x2000, 0x2000));
        for (long[] range : new long[][] {{0x1000, 0x1001}, {0x2000, 0x1000}, {0x3fff, 1}, {0x1000, 0x9000}}) {
            assertThat(memory.overlaps(range[0], range[1])).isTrue();
            assertThatThrownBy(() -> memory.map(region(range[0], range[1])))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(memory.overlaps(0x1000, 0x1000)).isFalse();
        assertThat(memory.overlaps(0x4000, 0x1000)).isFalse();
        assertThat(memory.regionCount()).isEqualTo(1);
    }

    @Test
    void refusesRangesThatWrapOrAreEmpty() {
        assertThatThrownBy(() -> region(-0x1000, 0x2000)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> region(0, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void unmapsExactRangesOnlyAndForgetsThem() {
        Region region = region(0x1000, 0x3000);
        memory.map(region);
        assertThat(memory.find(0x1000)).isSameAs(region);
        assertThat(memory.unmap(0x1000, 0x1000)).isNull();
        assertThat(memory.unmap(0x2000, 0x3000)).isNull();
        long generation = memory.generation();
        assertThat(memory.unmap(0x1000, 0x3000)).isSameAs(region);
        assertThat(memory.find(0x1000)).isNull();
        assertThat(memory.generation()).isGreaterThan(generation);
    }

    /** A model that is a sorted map says the same as the array, whatever comes. */
    @Test
    void behavesLikeASortedMap() {
        long seed = Long.getLong("vnvme.seed", System.nanoTime());
        Random random = new Random(seed);
        TreeMap<Long, Region> model = new TreeMap<>();
        for (int i = 0; i < 20_000; i++) {
            long iova = random.nextInt(64) * 0x1000L;
            long size = (1 + random.nextInt(4)) * 0x1000L;
            if (random.nextBoolean()) {
                Region known = model.get(iova);
                Region removed = memory.unmap(iova, size);
                boolean there = known != null && known.sizeBytes() == size;
                assertThat(removed).as("seed %d", seed).isSameAs(there ? known : null);
                if (there) {
                    model.remove(iova);
                }
            } else if (!memory.overlaps(iova, size)) {
                Region region = region(iova, size);
                memory.map(region);
                model.put(iova, region);
            }
            long address = random.nextInt(68 * 0x1000);
            var floor = model.floorEntry(address);
            Region expected = floor != null && floor.getValue().contains(address) ? floor.getValue() : null;
            assertThat(memory.find(address)).as("seed %d", seed).isSameAs(expected);
        }
        assertThat(memory.unmapAll()).containsExactlyElementsOf(model.values());
        assertThat(memory.regionCount()).isZero();
    }

    private static Region region(long iova, long size) {
        return new Region(iova, size, null, true, true);
    }
}
