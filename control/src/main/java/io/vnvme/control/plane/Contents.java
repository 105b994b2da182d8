package io.vnvme.control.plane;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Superblock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Tells by its first bytes what lies on a drive, as far as it is something that somebody would miss. */
final class Contents {
    private static final int LOOK_BYTES = 128 << 10;

    @SuppressWarnings("ArrayRecordComponent") // nobody compares signatures
    private record Signature(int offset, byte[] bytes, String words) {
        static Signature of(int offset, String hex, String words) {
            return new Signature(offset, HexFormat.of().parseHex(hex), words);
        }

        boolean matches(byte[] head) {
            return Arrays.equals(head, offset, offset + bytes.length, bytes, 0, bytes.length);
        }
    }

    private static final List<Signature> SIGNATURES = List.of(
            Signature.of(0x438, "53ef", "an ext2, ext3 or ext4 file system"),
            Signature.of(0, "58465342", "an XFS file system"),
            Signature.of(0x10040, "5f42485266535f4d", "a btrfs file system"),
            Signature.of(0, "4c554b53babe", "a LUKS encrypted volume"),
            Signature.of(0x218, "4c564d32", "a physical volume of LVM"),
            Signature.of(0x1000, "fc4e2ba9", "a member of a Linux RAID"),
            Signature.of(3, "4e54465320202020", "an NTFS file system"),
            Signature.of(0x36, "464154", "a FAT file system"),
            Signature.of(0x52, "4641543332", "a FAT file system"),
            Signature.of(0, "514649fb", "a qcow2 image"),
            Signature.of(0xff6, "53574150535041434532", "swap space"),
            Signature.of(0x200, "4546492050415254", "a partition table (GPT)"),
            Signature.of(0x1000, "4546492050415254", "a partition table (GPT)"),
            Signature.of(0x1fe, "55aa", "a partition table or boot sector"));

    private Contents() {}

    /** What lies there; nothing when the beginning of the drive is all zeros. */
    static Optional<String> of(BlockingDrive drive) {
        int length = (int) Math.min(LOOK_BYTES, drive.sizeBytes() & -4096L);
        byte[] head;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(length, 4096);
            if (drive.read(0, memory) != IoStatus.OK) {
                return Optional.of("something that cannot be read");
            }
            head = memory.toArray(ValueLayout.JAVA_BYTE);
        }
        for (Signature signature : SIGNATURES) {
            if (signature.offset() + signature.bytes().length <= head.length && signature.matches(head)) {
                return Optional.of(signature.words());
            }
        }
        for (byte b : head) {
            if (b != 0) {
                return Optional.of("data of a kind that is not known");
            }
        }
        return Optional.empty();
    }

    /** Whether a file or device begins like a drive of ours; false also when it cannot be read. */
    static boolean beginsLikeOurs(Path path) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer first = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(first, 0);
            return first.position() == Long.BYTES && first.getLong(0) == Superblock.MAGIC;
        } catch (IOException e) {
            return false;
        }
    }
}
