package io.vnvme.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

class VerifierTest {
    private final Verifier verifier = new Verifier(4);
    private final MemorySegment data = Arena.ofAuto().allocate(4096);

    @Test
    void aBlockIsInOneTransferAtATime() {
        Iterator<Long> draws = List.of(1L, 1L, 1L, 2L, 1L).iterator();
        assertThat(verifier.take(draws::next)).isEqualTo(1);
        assertThat(verifier.take(draws::next)).isEqualTo(2);
        verifier.ended(data, 1, false);
        assertThat(verifier.take(draws::next)).isEqualTo(1);
    }

    @Test
    void findsWhatIsOldOrElsewhereOrChanged() {
        assertThat(judged(() -> {})).isZero();
        assertThat(judged(() -> data.set(ValueLayout.JAVA_BYTE, 4095, (byte) 0)))
                .isEqualTo(1);
        MemorySegment old = Arena.ofAuto().allocate(4096);
        verifier.fill(old, 1);
        assertThat(judged(() -> data.copyFrom(old))).isEqualTo(1);
        verifier.fill(old, 2);
        assertThat(judged(() -> data.copyFrom(old))).isEqualTo(1);
    }

    /** Writes block 1, reads it after a mishap. @return reads that were found wrong */
    private long judged(Runnable mishap) {
        long before = verifier.wrong();
        verifier.fill(data, 1);
        verifier.ended(data, 1, false);
        mishap.run();
        verifier.ended(data, 1, true);
        return verifier.wrong() - before;
    }

    @Test
    void whatWasNotWrittenIsNotJudged() {
        verifier.ended(data, 3, true);
        assertThat(verifier.checked()).isZero();
    }
}
