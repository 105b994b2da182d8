package io.vnvme.drive.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Region;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.NativeException;
import io.vnvme.os.OpenFile;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UringDriveTest {
    private static final long SIZE = 8 << 20;

    @TempDir
    Path folder;

    private final DriveRing ring = DriveRing.open();
    private final Mapping memory = Mapping.anonymous(4 << 20, false);
    private final List<Integer> statuses = new ArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private DriveFile file;
    private UringDrive drive;

    @BeforeEach
    void open() {
        file = DriveFile.create(folder.resolve("drive"), SIZE);
        drive = new UringDrive("d0", file, ring, new DriveHealth());
    }

    @AfterEach
    void close() {
        drive.close();
        ring.close();
        file.close();
        memory.close();
    }

    private Io io(int operation, long offset, long length, boolean durable) {
        Io io = new Io((_, status) -> statuses.add(status));
        io.prepare(operation, offset, length, durable);
        return io;
    }

    private int run(Io io) {
        statuses.clear();
        int status = drive.submit(io);
        if (status != IoStatus.PENDING) {
            return status;
        }
        while (statuses.isEmpty()) {
            drive.poll(0);
        }
        return statuses.getFirst();
    }

    private int transfer(int operation, long at, MemorySegment segment, long offset, long length) {
        Io io = io(operation, at, length, false);
        io.data().add(segment, offset, length);
        return run(io);
    }

    @Test
    void whatIsWrittenIsRead() {
        MemorySegment data = memory.segment();
        data.asSlice(0, 8192).fill((byte) 7);
        assertThat(transfer(Io.WRITE, 4096, data, 0, 8192)).isEqualTo(IoStatus.OK);
        assertThat(run(io(Io.FLUSH, 0, 0, false))).isEqualTo(IoStatus.OK);
        assertThat(transfer(Io.READ, 0, data, 16384, 16384)).isEqualTo(IoStatus.OK);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 16384 + 4095)).isZero();
        assertThat(data.get(ValueLayout.JAVA_BYTE, 16384 + 4096)).isEqualTo((byte) 7);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 16384 + 4096 + 8191)).isEqualTo((byte) 7);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 16384 + 4096 + 8192)).isZero();
        assertThat(drive.pending()).isZero();
        assertThat(ring.inFlight()).isZero();
    }

    @Test
    void usedGuestMemoryIsRegisteredUntilItsRegionLeaves() {
        Region region = new Region(0x1000_0000, memory.segment().byteSize(), memory.segment(), true, true);
        for (int i = 0; i < GuestWindows.USES + 4; i++) {
            memory.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) (i + 1));
            Io write = io(Io.WRITE, 4096L * i, 4096, false);
            write.data().add(region, 0x1000_0000, 4096);
            assertThat(run(write)).isEqualTo(IoStatus.OK);
        }
        assertThat(ring.registeredWindows()).isEqualTo(1);
        assertThat(ring.warning()).isNull();
        for (int i = 0; i < GuestWindows.USES + 4; i++) {
            Io read = io(Io.READ, 4096L * i, 4096, false);
            read.data().add(region, 0x1000_2000, 4096);
            assertThat(run(read)).isEqualTo(IoStatus.OK);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 0x2000)).isEqualTo((byte) (i + 1));
        }
        region.leave();
        assertThat(ring.registeredWindows()).isZero();
    }

    @Test
    void moreWorkThanTheRingHolds() {
        int count = 3000;
        List<Io> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Io io = io(Io.WRITE, i % 1000 * 4096L, 4096, false);
            io.data().add(memory.segment(), i % 64 * 4096L, 4096);
            all.add(io);
        }
        all.forEach(io -> assertThat(drive.submit(io)).isEqualTo(IoStatus.PENDING));
        while (statuses.size() < count) {
            drive.poll(0);
        }
        assertThat(statuses).containsOnly(IoStatus.OK);
    }

    @Test
    void aTransferOfMorePiecesThanOneRequestTakes() {
        int pieces = 700;
        MemorySegment data = memory.segment();
        Io write = io(Io.WRITE, 0, pieces * 512L, false);
        Io read = io(Io.READ, 0, pieces * 512L, false);
        for (int i = 0; i < pieces; i++) {
            data.set(ValueLayout.JAVA_INT, i * 1024L, i);
            write.data().add(data, i * 1024L, 512);
            read.data().add(data, (1 << 20) + i * 1024L, 512);
        }
        assertThat(run(write)).isEqualTo(IoStatus.OK);
        assertThat(run(read)).isEqualTo(IoStatus.OK);
        for (int i = 0; i < pieces; i++) {
            assertThat(data.get(ValueLayout.JAVA_INT, (1 << 20) + i * 1024L)).isEqualTo(i);
        }
    }

    @Test
    void deallocatedSpaceGoesBackAndReadsZeros() {
        memory.segment().fill((byte) 1);
        assertThat(transfer(Io.WRITE, 0, memory.segment(), 0, 4 << 20)).isEqualTo(IoStatus.OK);
        assertThat(run(io(Io.DEALLOCATE, 1 << 20, 2 << 20, true))).isEqualTo(IoStatus.OK);
        assertThat(run(io(Io.WRITE_ZEROES, 0, 512, false))).isEqualTo(IoStatus.OK);
        assertThat(transfer(Io.READ, 0, memory.segment(), 0, 4 << 20)).isEqualTo(IoStatus.OK);
        assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 511)).isZero();
        assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 512)).isOne();
        assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, (1 << 20) - 1)).isOne();
        assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 1 << 20)).isZero();
        assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, (3 << 20) - 1)).isZero();
        assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 3 << 20)).isOne();
    }

    @Test
    void aFileThatWasCutShortIsAnErrorAndCounted() {
        try (Fd other = OpenFile.open(file.path(), OpenFile.READ_WRITE)) {
            OpenFile.resize(other, 1 << 20);
        }
        assertThat(transfer(Io.READ, 2 << 20, memory.segment(), 0, 4096)).isEqualTo(IoStatus.READ_ERROR);
        assertThat(drive.health().readErrors()).isEqualTo(1);
        assertThat(drive.health().lastErrno()).isEqualTo(Errno.EIO);
        assertThat(drive.health().gone()).isFalse();
        assertThat(transfer(Io.READ, 0, memory.segment(), 0, 4096)).isEqualTo(IoStatus.OK);
    }

    @Test
    void aDriveThatIsGoneComesBack() {
        try (Fd other = OpenFile.open(file.path(), OpenFile.READ_WRITE)) {
            file.close();
            OpenFile.resize(other, 0);
            assertThat(transfer(Io.READ, 0, memory.segment(), 0, 4096)).isEqualTo(IoStatus.GONE);
            assertThat(transfer(Io.WRITE, 0, memory.segment(), 0, 4096)).isEqualTo(IoStatus.GONE);
            assertThat(drive.health().gone()).isTrue();
            assertThat(drive.health().readErrors()).isZero();
            assertThatThrownBy(() -> file.reopen(file.path())).hasMessageContaining("the drive that was here had");
            OpenFile.resize(other, SIZE);
        }
        file.reopen(file.path());
        drive.returned();
        assertThat(drive.health().gone()).isFalse();
        assertThat(transfer(Io.WRITE, 0, memory.segment(), 0, 4096)).isEqualTo(IoStatus.OK);
        assertThatThrownBy(() -> DriveFile.open(file.path())).hasMessageContaining("EBUSY");
    }

    /** It was seen to be gone before any request met that. */
    @Test
    void aDriveComesBackThatNobodyMissed() {
        assertThat(transfer(Io.READ, 2 << 20, memory.segment(), 0, 4096)).isEqualTo(IoStatus.OK);
        drive.vanished();
        file.close();
        assertThat(transfer(Io.READ, 0, memory.segment(), 0, 4096)).isEqualTo(IoStatus.GONE);
        file.reopen(file.path());
        drive.returned();
        assertThat(transfer(Io.WRITE, 0, memory.segment(), 0, 4096)).isEqualTo(IoStatus.OK);
        assertThat(drive.health().readErrors() + drive.health().writeErrors()).isZero();
    }

    @Test
    void aSleepingReactorIsWoken() {
        try (Reactor reactor = Reactor.start("sleepy", -1, IdlePolicy.INTERRUPT, failures::add)) {
            CompletableFuture<Integer> done = new CompletableFuture<>();
            DriveRing own = reactor.call(() -> {
                DriveRing opened = DriveRing.open();
                opened.attach(reactor);
                return opened;
            });
            try (DriveFile otherFile = DriveFile.create(folder.resolve("other"), SIZE)) {
                UringDrive other = reactor.call(() -> new UringDrive("d1", otherFile, own, new DriveHealth()));
                Io flush = new Io((_, status) -> done.complete(status));
                flush.prepare(Io.FLUSH, 0, 0, false);
                reactor.execute(() -> {
                    var _ = other.submit(flush);
                });
                // Without the signal this takes for ever.
                assertThat(done.orTimeout(5, TimeUnit.SECONDS).join()).isEqualTo(IoStatus.OK);
                reactor.call(() -> {
                    other.close();
                    own.detach(reactor);
                    own.close();
                    return true;
                });
            }
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void memoryThatIsNotThereIsAnError() {
        MemorySegment nowhere = MemorySegment.ofAddress(4096).reinterpret(8192);
        assertThat(transfer(Io.WRITE, 0, nowhere, 0, 4096)).isEqualTo(IoStatus.WRITE_ERROR);
        assertThat(transfer(Io.READ, 0, nowhere, 0, 4096)).isEqualTo(IoStatus.READ_ERROR);
    }

    @Test
    void operationsThatAreNone() {
        assertThat(run(io(77, 0, 0, false))).isEqualTo(IoStatus.UNSUPPORTED);
    }

    @Test
    void aSecondOwnerIsRefused() {
        assertThatThrownBy(() -> DriveFile.open(file.path()))
                .isInstanceOf(NativeException.class)
                .hasMessageContaining("EBUSY");
        drive.close();
        file.close();
        try (DriveFile again = DriveFile.open(file.path())) {
            assertThat(again.geometry().sizeBytes()).isEqualTo(SIZE);
        }
    }

    @Test
    void whatIsThereIsNotCreatedAnew() {
        assertThatThrownBy(() -> DriveFile.create(file.path(), SIZE)).hasMessageContaining("EEXIST");
        assertThatThrownBy(() -> DriveFile.create(folder.resolve("odd"), 1000)).hasMessageContaining("4096");
        assertThatThrownBy(() -> DriveFile.open(folder)).hasMessageContaining("neither a file nor a block device");
        assertThatThrownBy(() -> DriveFile.open(folder.resolve("none"))).hasMessageContaining("ENOENT");
    }

    @Test
    void closingWaitsForItsWork() {
        Io write = io(Io.WRITE, 0, 4 << 20, true);
        write.data().add(memory.segment(), 0, 4 << 20);
        assertThat(drive.submit(write)).isEqualTo(IoStatus.PENDING);
        drive.close();
        assertThat(statuses).containsExactly(IoStatus.OK);
        assertThat(drive.submit(write)).isEqualTo(IoStatus.GONE);
    }

    @Test
    void severalDrivesShareARing() {
        try (DriveFile secondFile = DriveFile.create(folder.resolve("second"), SIZE);
                UringDrive second = new UringDrive("d1", secondFile, ring, new DriveHealth())) {
            memory.segment().asSlice(0, 4096).fill((byte) 1);
            assertThat(transfer(Io.WRITE, 0, memory.segment(), 0, 4096)).isEqualTo(IoStatus.OK);
            Io read = io(Io.READ, 0, 4096, false);
            read.data().add(memory.segment(), 4096, 4096);
            statuses.clear();
            second.submit(read);
            while (statuses.isEmpty()) {
                ring.poll(0);
            }
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 4096)).isZero();
        }
    }
}
