package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.handover.Holder;
import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.memory.Segments;
import io.vnvme.os.Errno;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.Memfd;
import io.vnvme.os.Reclaimer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DmaTableTest {
    private static final int BOTH = 3;

    private final GuestMemory memory = new GuestMemory();
    private final Reclaimer reclaimer = Reclaimer.start();
    private final ConnectionState state = new ConnectionState();
    private final DmaTable table = new DmaTable(memory, reclaimer, state, Holder.NONE);
    private final AtomicInteger done = new AtomicInteger();

    @AfterEach
    void end() {
        reclaimer.close();
    }

    private void map(@Nullable Fd fd, long offset, long address, long size) {
        table.map(new Request.DmaMap(BOTH, offset, address, size), fd);
    }

    private void unmap(long address, long size) {
        table.unmap(new Request.DmaUnmap(0, address, size), done::incrementAndGet);
    }

    private static void refused(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RequestException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private long mappings(String name) throws IOException {
        reclaimer.drain();
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.contains("/memfd:" + name))
                .count();
    }

    @Test
    void partsOfOneFileShareItsMapping() throws IOException {
        try (Fd fd = Memfd.create("dma-one", 1 << 20)) {
            map(fd, 0, 0, 4096);
            map(fd, 8192, 0x10_0000, 8192);
            assertThat(mappings("dma-one")).isEqualTo(1);
            Region second = Objects.requireNonNull(memory.find(0x10_1000));
            MemorySegment segment = Objects.requireNonNull(second.segment());
            segment.set(ValueLayout.JAVA_LONG, 4096, 9);
            map(fd, 12288, 0x20_0000, 4096);
            MemorySegment alias = Objects.requireNonNull(
                    Objects.requireNonNull(memory.find(0x20_0000)).segment());
            assertThat(alias.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(9);
            unmap(0, 4096);
            unmap(0x10_0000, 8192);
            assertThat(mappings("dma-one")).isEqualTo(1);
            unmap(0x20_0000, 4096);
            assertThat(mappings("dma-one")).isZero();
            assertThat(done).hasValue(3);
            assertThat(table.empty()).isTrue();
            assertThat(memory.regionCount()).isZero();
        }
    }

    @Test
    void fileThatGrew() throws IOException {
        try (Fd fd = Memfd.create("dma-grow", 4096)) {
            map(fd, 0, 0, 4096);
            Memfd.resize(fd, 16384);
            map(fd, 8192, 0x1_0000, 8192);
            assertThat(mappings("dma-grow")).isEqualTo(2);
            table.unmapAll();
            assertThat(mappings("dma-grow")).isZero();
        }
    }

    @Test
    void regionsWithoutFileAreReachedByMessages() {
        map(null, 0, 0x1000, 0x1000);
        assertThat(Objects.requireNonNull(memory.find(0x1800)).segment()).isNull();
        try (EventFd device = EventFd.create()) {
            map(device.fd(), 0, 0x2000, 0x1000);
            assertThat(Objects.requireNonNull(memory.find(0x2800)).segment()).isNull();
        }
    }

    @Test
    void fileShorterThanItsRegion() {
        try (Fd fd = Memfd.create("dma-short", 8192)) {
            map(fd, 4096, 0x10_0000, 1 << 20);
            assertThat(Objects.requireNonNull(memory.find(0x10_0000)).sizeBytes())
                    .isEqualTo(4096);
            assertThat(memory.find(0x10_1000)).isNull();
            refused(Errno.EEXIST, () -> map(null, 0, 0x10_8000, 4096));
            refused(Errno.EINVAL, () -> map(fd, 8192, 0x80_0000, 4096));
            refused(Errno.EINVAL, () -> map(fd, -4096, 0x80_0000, 4096));
            unmap(0x10_0000, 1 << 20);
            assertThat(table.empty()).isTrue();
        }
    }

    @Test
    void rangesThatAreNone() {
        refused(Errno.EINVAL, () -> map(null, 0, 0x1000, 0));
        refused(Errno.EINVAL, () -> map(null, 0, -4096, 8192));
        refused(Errno.EINVAL, () -> map(null, 0, 0, -4096));
        map(null, 0, -4096, 4096);
        map(null, 0, 0x1000, 0x2000);
        refused(Errno.EEXIST, () -> map(null, 0, 0x2000, 0x1000));
        refused(Errno.EEXIST, () -> map(null, 0, 0, 0x10_0000));
        unmap(0x4000, 0x1000);
        assertThat(done).hasValue(1);
        refused(Errno.EINVAL, () -> unmap(0x1000, 0x1000));
        refused(Errno.EINVAL, () -> unmap(0x2000, 0x1000));
        refused(Errno.EINVAL, () -> unmap(0x1000, 0));
        refused(Errno.ENOTSUP, () -> table.unmap(new Request.DmaUnmap(1, 0x1000, 0x2000), () -> {}));
        refused(Errno.EINVAL, () -> table.unmap(new Request.DmaUnmap(2, 0x1000, 0x2000), () -> {}));
        assertThat(table.size()).isEqualTo(2);
        table.unmap(new Request.DmaUnmap(2, 0, 0), done::incrementAndGet);
        assertThat(done).hasValue(2);
        assertThat(table.empty()).isTrue();
    }

    @Test
    void oneUnmapForSeveralRegions() {
        map(null, 0, 0x1000, 0x1000);
        map(null, 0, 0x3000, 0x1000);
        map(null, 0, 0x8000, 0x1000);
        unmap(0, 0x8000);
        assertThat(table.size()).isEqualTo(1);
    }

    @Test
    void regionInUseIsKeptUntilItIsNot() throws IOException {
        try (Fd fd = Memfd.create("dma-busy", 8192)) {
            map(fd, 0, 0, 8192);
            Segments segments = new Segments();
            segments.add(Objects.requireNonNull(memory.find(0)), 4096, 512);
            segments.holdRegions();
            unmap(0, 8192);
            assertThat(memory.find(0)).isNull();
            assertThat(table.poll()).isZero();
            assertThat(done).hasValue(0);
            assertThat(mappings("dma-busy")).isEqualTo(1);
            segments.memory(0).set(ValueLayout.JAVA_BYTE, segments.offset(0), (byte) 1);
            // The address may be mapped again meanwhile.
            map(null, 0, 0, 4096);
            segments.releaseRegions();
            assertThat(table.poll()).isEqualTo(1);
            assertThat(done).hasValue(1);
            assertThat(mappings("dma-busy")).isZero();
        }
    }

    @Test
    void fileThatItsOwnerTruncates() {
        try (Fd steady = Memfd.create("dma-steady", 8192);
                Fd file = Memfd.create("dma-shrunk", 8192)) {
            map(steady, 0, 0, 8192);
            map(file, 0, 0x1_0000, 4096);
            assertThat(table.shrunk()).isFalse();
            Memfd.resize(file, 4096);
            assertThat(table.shrunk()).isTrue();
            unmap(0x1_0000, 4096);
            assertThat(table.shrunk()).isFalse();
            table.unmapAll();
        }
    }

    @Test
    void noMoreFilesThanTheKernelHasRoomFor() {
        for (int i = 0; i < 1024; i++) {
            try (Fd file = Memfd.create("dma-many", 4096)) {
                map(file, 0, i * 4096L, 4096);
            }
        }
        try (Fd file = Memfd.create("dma-many", 4096)) {
            refused(Errno.ENOSPC, () -> map(file, 0, 1L << 40, 4096));
        }
        table.unmapAll();
        assertThat(table.empty()).isTrue();
    }

    @Test
    void noMoreThanTheProtocolAllows() {
        for (int i = 0; i < Wire.DMA_MAPS_MAX; i++) {
            map(null, 0, i * 4096L, 4096);
        }
        refused(Errno.ENOSPC, () -> map(null, 0, 1L << 40, 4096));
    }
}
