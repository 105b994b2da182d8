package io.vnvme.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.os.Cpu;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class LoadTest {
    @Test
    void randomBlocksStayOnTheDriveAndReachAllOfIt() {
        RandomBlocks blocks = new RandomBlocks(1000);
        BitSet seen = new BitSet();
        for (int i = 0; i < 20_000; i++) {
            long block = blocks.next();
            assertThat(block).isBetween(0L, 999L);
            seen.set((int) block);
        }
        assertThat(seen.cardinality()).isEqualTo(1000);
    }

    @Test
    void rateIsOperationsOverTime() {
        assertThat(new LoadResult(3000, 1_500_000_000L, 1, 2).iops()).isEqualTo(2000.0);
    }

    @Test
    void pinnedWorkRunsWhereItShould() throws Exception {
        int cpu = Cpu.allowed().length() - 1;
        assertThat(PinnedThread.call("pinned", cpu, Cpu::current)).isEqualTo(cpu);
        assertThat(Cpu.allowed().cardinality()).isEqualTo(Runtime.getRuntime().availableProcessors());
    }

    @Test
    void failureOfPinnedWorkKeepsItsReason() {
        assertThatThrownBy(() -> PinnedThread.call("pinned", 0, () -> {
                    throw new java.io.IOException("no drive");
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no drive");
    }
}
