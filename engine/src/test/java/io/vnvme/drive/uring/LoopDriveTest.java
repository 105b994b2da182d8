package io.vnvme.drive.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.OpenFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drives that are block devices. */
final class LoopDriveTest {
    private static final long SIZE = 8 << 20;

    @TempDir
    Path folder;

    private final List<Integer> statuses = new ArrayList<>();

    private Path image() {
        Path image = folder.resolve("image");
        try (Fd fd = OpenFile.open(image, OpenFile.READ_WRITE | OpenFile.CREATE)) {
            OpenFile.resize(fd, SIZE);
        }
        return image;
    }

    private int run(UringDrive drive, int operation, long at, Mapping memory, long length) {
        Io io = new Io((_, status) -> statuses.add(status));
        io.prepare(operation, at, length, false);
        if (operation == Io.READ || operation == Io.WRITE) {
            io.data().add(memory.segment(), 0, length);
        }
        statuses.clear();
        int status = drive.submit(io);
        while (status == IoStatus.PENDING && statuses.isEmpty()) {
            drive.poll(0);
        }
        return status == IoStatus.PENDING ? statuses.getFirst() : status;
    }

    @Test
    void geometryAndExclusiveUse() {
        try (LoopDevice loop = LoopDevice.over(image(), "--sector-size", "4096");
                DriveFile file = DriveFile.open(loop.path())) {
            assertThat(file.device()).isTrue();
            assertThat(file.present()).isTrue();
            assertThat(file.geometry().sizeBytes()).isEqualTo(SIZE);
            assertThat(file.geometry().blockBytes()).isEqualTo(4096);
            assertThat(file.geometry().direct()).isTrue();
            assertThatThrownBy(() -> DriveFile.open(loop.path())).hasMessageContaining("EBUSY");
        }
    }

    @Test
    void clearing() {
        try (LoopDevice loop = LoopDevice.over(image());
                Mapping memory = Mapping.anonymous(1 << 20, false);
                DriveFile file = DriveFile.open(loop.path());
                DriveRing ring = DriveRing.open();
                UringDrive drive = new UringDrive("loop", file, ring, new DriveHealth())) {
            for (int operation : new int[] {Io.DEALLOCATE, Io.WRITE_ZEROES}) {
                memory.segment().fill((byte) 3);
                assertThat(run(drive, Io.WRITE, 0, memory, 1 << 20)).isEqualTo(IoStatus.OK);
                assertThat(run(drive, operation, 4096, memory, 65536)).isEqualTo(IoStatus.OK);
                assertThat(run(drive, Io.FLUSH, 0, memory, 0)).isEqualTo(IoStatus.OK);
                assertThat(run(drive, Io.READ, 0, memory, 1 << 20)).isEqualTo(IoStatus.OK);
                assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 3);
                assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 4096)).isZero();
                assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 4096 + 65535))
                        .isZero();
                assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 4096 + 65536))
                        .isEqualTo((byte) 3);
            }
        }
    }

    @Test
    void aDeviceThatFailsIsNotADeviceThatIsGone() {
        Path image = image();
        try (LoopDevice loop = LoopDevice.over(image);
                Mapping memory = Mapping.anonymous(1 << 20, false);
                DriveFile file = DriveFile.open(loop.path());
                DriveRing ring = DriveRing.open();
                UringDrive drive = new UringDrive("loop", file, ring, new DriveHealth())) {
            assertThat(run(drive, Io.WRITE, 0, memory, 4096)).isEqualTo(IoStatus.OK);
            try (Fd fd = OpenFile.open(image, OpenFile.READ_WRITE)) {
                OpenFile.resize(fd, 1 << 20);
            }
            assertThat(run(drive, Io.READ, 4 << 20, memory, 4096)).isEqualTo(IoStatus.READ_ERROR);
            assertThat(drive.health().readErrors()).isEqualTo(1);
            assertThat(run(drive, Io.READ, 0, memory, 4096)).isEqualTo(IoStatus.OK);
        }
    }
}
