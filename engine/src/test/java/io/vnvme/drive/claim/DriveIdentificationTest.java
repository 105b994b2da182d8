package io.vnvme.drive.claim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.os.Fd;
import io.vnvme.os.OpenFile;
import io.vnvme.os.Stat;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DriveIdentificationTest {
    private static final long SIZE = 16 << 20;

    @TempDir
    Path folder;

    private Path image() throws IOException {
        Path path = folder.resolve("image");
        Files.deleteIfExists(path);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        return path;
    }

    private static void write(Path path, long offset, byte[] bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(offset < 0 ? SIZE + offset : offset);
            file.write(bytes);
        }
    }

    private static List<String> kinds(Path path) {
        return DriveIdentification.of(path, List.of()).contents().stream()
                .map(Content::kind)
                .toList();
    }

    @Test
    void aBlankFileIsFree() throws IOException {
        DriveIdentification found = DriveIdentification.of(image(), List.of());
        assertThat(found.sizeBytes()).isEqualTo(SIZE);
        assertThat(found.device()).isFalse();
        assertThat(found.holdsData()).isFalse();
        assertThat(found.inUse()).isFalse();
        assertThat(found.objection()).isEmpty();
    }

    @Test
    void whatIsNotKnownIsNotNothing() throws IOException {
        Path image = image();
        write(image, -100, new byte[] {1});
        assertThat(DriveIdentification.of(image, List.of()).objection())
                .contains(image + " holds data of a kind that is not known");
    }

    /** Bytes as the specifications have them, in hexadecimal; a negative offset is from the end. */
    @ParameterizedTest
    @CsvSource({
        "1080, 53ef, ext2",
        "0, 58465342, xfs",
        "65600, 5f42485266535f4d, btrfs",
        "3, 4e54465320202020, ntfs",
        "4086, 53574150535041434532, swap",
        "65526, 53574150535041434532, swap",
        "512, 4546492050415254, gpt",
        "4096, 4546492050415254, gpt",
        "-512, 4546492050415254, gpt",
        "0, 4c554b53babe0001, luks1",
        "0, 4c554b53babe0002, luks2",
        "4096, fc4e2ba901000000, mdraid",
        "0, fc4e2ba901000000, mdraid",
        "-8192, fc4e2ba901000000, mdraid",
        "-65536, fc4e2ba9, mdraid",
        "131072, 0cb1ba0000000000, zfs",
        "-131072, 0000000000bab10c, zfs",
        "4120, c68573f64e1a45ca8265f57f48ba6d81, bcache",
        "4120, c68573f666ce90a9d96a60cf803df7ef, bcachefs",
        "0, 626c756573746f726520626c6f636b206465766963650a, ceph-bluestore",
        "0, 514649fb00000003, qcow2",
        "32769, 4344303031, iso9660",
        "1024, 1020f5f2, f2fs",
        "0, 68737173, squashfs",
    })
    void signatures(long offset, String hex, String kind) throws IOException {
        Path image = image();
        write(image, offset, HexFormat.of().parseHex(hex));
        assertThat(kinds(image)).containsExactly(kind);
    }

    @Test
    void lvmHasItsLabelInAnyOfFourSectors() throws IOException {
        Path image = image();
        write(image, 1024, "LABELONE".getBytes(StandardCharsets.US_ASCII));
        assertThat(kinds(image)).isEmpty();
        write(image, 1048, "LVM2 001".getBytes(StandardCharsets.US_ASCII));
        assertThat(kinds(image)).containsExactly("lvm2");
    }

    @Test
    void partitionTablesAndBootSectorsAreToldApart() throws IOException {
        Path image = image();
        write(image, 510, new byte[] {0x55, (byte) 0xaa});
        assertThat(kinds(image)).isEmpty();
        write(image, 82, "FAT32   ".getBytes(StandardCharsets.US_ASCII));
        assertThat(kinds(image)).containsExactly("vfat");
        image = image();
        write(image, 446, HexFormat.of().parseHex("80fffffe83fffffe00080000001000000" + "0".repeat(31)));
        write(image, 510, new byte[] {0x55, (byte) 0xaa});
        assertThat(kinds(image)).containsExactly("mbr");
    }

    @Test
    void labelsAreShownAndNotTrusted() throws IOException {
        Path image = image();
        write(image, 0, "XFSB".getBytes(StandardCharsets.US_ASCII));
        write(image, 108, "da\u001bta".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(DriveIdentification.of(image, List.of()).objection())
                .contains(image + " holds: xfs filesystem 'da?ta'");
    }

    /** The tools that people use, where they are installed. */
    @ParameterizedTest
    @CsvSource({"mkfs.ext4, ext4", "mkfs.ext3, ext3", "mkfs.ext2, ext2", "mkswap, swap", "mkfs.vfat, vfat"})
    void whatTheToolsMake(String tool, String kind) throws Exception {
        Path image = image();
        Optional<Path> found = List.of("/usr/sbin", "/sbin", "/usr/bin").stream()
                .map(directory -> Path.of(directory, tool))
                .filter(Files::isExecutable)
                .findFirst();
        Assumptions.assumeTrue(found.isPresent(), tool);
        Process process = new ProcessBuilder(found.get().toString(), image.toString())
                .redirectErrorStream(true)
                .start();
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor()).isZero();
        assertThat(kinds(image)).containsExactly(kind);
    }

    @Test
    void theRootFileSystemIsInUse() {
        List<String> mounted = DriveFinder.blockDevices().stream()
                .filter(Files::exists)
                .map(device -> CurrentUse.of(device, Stat.following(device)))
                .filter(uses -> uses.toString().contains("is mounted at /"))
                .flatMap(List::stream)
                .toList();
        Assumptions.assumeFalse(mounted.isEmpty(), "a mounted device");
        assertThat(mounted.getFirst()).contains("mounted at /");
    }

    @Test
    void aLockedFileIsInUse() throws IOException {
        Path image = image();
        try (Fd fd = OpenFile.open(image, OpenFile.READ_WRITE)) {
            assertThat(OpenFile.lock(fd)).isTrue();
            assertThat(DriveIdentification.of(image, List.of()).uses()).containsExactly("is locked by another program");
            OpenFile.unlock(fd);
            assertThat(DriveIdentification.of(image, List.of()).inUse()).isFalse();
        }
    }

    @Test
    void ourOwnIsRecognizedAtBothEnds() throws IOException {
        OwnFormat own = block -> block.get(ValueLayout.JAVA_BYTE, 0) == 'V'
                ? Optional.of(new Content("vnvme", "drive 'fast' of pool 'p'"))
                : Optional.empty();
        for (long offset : new long[] {0, -4096}) {
            Path image = image();
            write(image, offset, new byte[] {'V'});
            DriveIdentification found = DriveIdentification.of(image, List.of(own));
            assertThat(found.contents()).containsExactly(new Content("vnvme", "drive 'fast' of pool 'p'"));
        }
    }

    @Test
    void foundByIdentity() throws IOException {
        DriveFinder finder = new DriveFinder(DriveIdentificationTest::identity);
        Path one = Files.copy(image(), folder.resolve("one"));
        Path two = Files.copy(image(), folder.resolve("two"));
        write(one, 0, new byte[] {5});
        write(two, -4096, new byte[] {6});
        List<Path> candidates = List.of(folder.resolve("none"), image(), one, two);
        assertThat(finder.find(candidates)).containsEntry(new UUID(0, 5), one).containsEntry(new UUID(0, 6), two);
        assertThat(finder.look(candidates)).hasSize(3);
        Path copy = Files.copy(one, folder.resolve("copy"));
        assertThatThrownBy(() -> finder.find(List.of(one, copy))).hasMessageContaining("one is a copy");
        Path link = Files.createSymbolicLink(folder.resolve("link"), one);
        assertThat(finder.find(List.of(one, link))).hasSize(1);
    }

    private static Optional<UUID> identity(MemorySegment block) {
        byte number = block.get(ValueLayout.JAVA_BYTE, 0);
        return number == 0 ? Optional.empty() : Optional.of(new UUID(0, number));
    }

    /** Whatever lies there, it is looked at without a failure. */
    @Test
    void garbage() throws IOException {
        long seed = Long.getLong("vnvme.seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 20; round++) {
            Path image = image();
            byte[] noise = new byte[1 << 17];
            random.nextBytes(noise);
            write(image, 0, noise);
            write(image, 512, HexFormat.of().parseHex("4546492050415254"));
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(random.nextInt(1, (int) SIZE));
            }
            assertThat(DriveIdentification.of(image, List.of()).holdsData())
                    .as("seed %d", seed)
                    .isTrue();
        }
    }
}
