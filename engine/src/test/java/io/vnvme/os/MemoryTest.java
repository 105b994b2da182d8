package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // closing early is what is tested
class MemoryTest {
    @Test
    void twoMappingsOfOneFileAreOneMemory() {
        try (Fd fd = Memfd.create("test", 8192);
                Mapping whole = Mapping.shared(fd, 0, 8192, true);
                Mapping part = Mapping.shared(fd, 4096, 4096, true)) {
            assertThat(Stat.sizeBytes(fd)).isEqualTo(8192);
            part.segment().set(ValueLayout.JAVA_LONG, 8, 7);
            assertThat(whole.segment().get(ValueLayout.JAVA_LONG, 4104)).isEqualTo(7);
        }
    }

    @Test
    void readOnlyFileCannotBeMappedForWriting() {
        try (Fd fd = Memfd.create("test", 4096)) {
            assertThatThrownBy(() -> Mapping.shared(fd, 5, 4096, true))
                    .isInstanceOf(NativeException.class)
                    .hasMessageContaining("EINVAL");
        }
    }

    @Test
    void touchAfterCloseThrows() {
        Mapping mapping = Mapping.anonymous(4096, false);
        MemorySegment segment = mapping.segment();
        segment.set(ValueLayout.JAVA_INT, 0, 1);
        mapping.close();
        mapping.close();
        assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_INT, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void hugePagesAreAligned() {
        try (Mapping mapping = Mapping.anonymous(4 << 20, true)) {
            assertThat(mapping.segment().address() % (2 << 20)).isZero();
            mapping.segment().fill((byte) 1);
        }
    }

    @Test
    void sealedFileKeepsItsSize() {
        try (Fd fd = Memfd.create("test", 4096)) {
            Memfd.seal(fd, Memfd.SEAL_SHRINK | Memfd.SEAL_SEAL);
            assertThat(Memfd.seals(fd)).isEqualTo(Memfd.SEAL_SHRINK | Memfd.SEAL_SEAL);
            assertThatThrownBy(() -> Memfd.seal(fd, Memfd.SEAL_GROW)).hasMessageContaining("EPERM");
        }
    }

    @Test
    void shrunkFileThrowsAndDoesNotKill() {
        try (Fd fd = Memfd.create("test", 8192);
                Mapping mapping = Mapping.shared(fd, 0, 8192, true)) {
            Memfd.resize(fd, 0);
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 10_000; i++) {
                            mapping.segment().get(ValueLayout.JAVA_LONG, 4096);
                        }
                    })
                    .isInstanceOf(InternalError.class);
        }
    }

    @Test
    void eventFdsCountAndNeverBlock() {
        try (EventFd event = EventFd.create()) {
            assertThat(event.drain()).isZero();
            event.signal();
            event.signal();
            assertThat(event.drain()).isEqualTo(2);
            event.close();
            event.signal();
        }
        try (Fd file = Memfd.create("test", 4096)) {
            assertThatThrownBy(() -> EventFd.adopt(file)).hasMessageContaining("EINVAL");
            assertThat(file.number()).isNotNegative();
        }
    }

    @Test
    void errorsHaveWordsAndNames() {
        assertThat(new NativeException("mmap", Errno.ENOMEM))
                .hasMessage("mmap: Cannot allocate memory (ENOMEM)")
                .extracting(NativeException::errno)
                .isEqualTo(12);
        assertThat(new NativeException("x", 9999).getMessage()).contains("errno 9999");
    }

    @Test
    void closedDescriptorHasNoNumber() {
        Fd fd = Memfd.create("test", 0);
        Fd second = fd.duplicate();
        assertThat(second.number()).isNotEqualTo(fd.number());
        fd.close();
        fd.close();
        assertThat(fd.number()).isEqualTo(-1);
        assertThat(Stat.sizeBytes(second)).isZero();
        second.close();
        assertThatThrownBy(() -> Stat.sizeBytes(second)).hasMessageContaining("EBADF");
    }

    @Test
    void discardedRangesReadZerosAndTheirNeighboursStay() {
        for (boolean huge : new boolean[] {false, true}) {
            try (Mapping mapping = Mapping.anonymous(8 << 20, huge)) {
                for (long length : new long[] {4096, 1 << 20, 5 << 20}) {
                    mapping.segment().fill((byte) 1);
                    mapping.discard(4096, length);
                    assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 4095))
                            .isOne();
                    assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 4096))
                            .isZero();
                    assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 4096 + length / 2))
                            .isZero();
                    assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 4095 + length))
                            .isZero();
                    assertThat(mapping.segment().get(ValueLayout.JAVA_BYTE, 4096 + length))
                            .isOne();
                }
            }
        }
    }
}
