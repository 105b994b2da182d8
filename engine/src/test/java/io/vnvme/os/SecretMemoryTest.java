package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SecretMemoryTest {
    @Test
    void whoMapsItHasIt() throws IOException {
        Optional<Fd> created = SecretMemory.create(4096);
        assumeThat(created).as("the kernel has memory for secrets").isPresent();
        try (Fd fd = created.orElseThrow();
                Fd again = fd.duplicate();
                Mapping one = Mapping.shared(fd, 0, 4096, true);
                Mapping other = Mapping.shared(again, 0, 4096, false)) {
            one.segment().set(ValueLayout.JAVA_LONG, 8, 0x1234);
            assertThat(other.segment().get(ValueLayout.JAVA_LONG, 8)).isEqualTo(0x1234);
            // The kernel itself cannot read it for us.
            try (RandomAccessFile memory = new RandomAccessFile("/proc/self/mem", "r")) {
                memory.seek(one.segment().address());
                assertThat(read(memory)).isFalse();
            }
        }
    }

    private static boolean read(RandomAccessFile memory) {
        try {
            memory.readLong();
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
