package io.vnvme.drive.claim;

import java.util.List;
import java.util.Optional;

/** File systems and swap, by the layouts of their superblocks. */
final class FileSystems {
    static final List<Signature> ALL = List.of(
            FileSystems::ext,
            media -> media.has(0, "XFSB")
                    ? Signature.labelled("xfs", "xfs filesystem", media.text(108, 12))
                    : Optional.empty(),
            media -> media.has(0x10040, "_BHRfS_M")
                    ? Signature.labelled("btrfs", "btrfs filesystem", media.text(0x1012b, 256))
                    : Optional.empty(),
            FileSystems::fat,
            Signature.at(3, "EXFAT   ", "exfat", "exFAT filesystem"),
            Signature.at(3, "NTFS    ", "ntfs", "NTFS filesystem"),
            Signature.at(3, "ReFS\0\0\0\0", "refs", "ReFS filesystem"),
            FileSystems::swap,
            media -> media.u32(1024) == 0xf2f52010
                    ? Optional.of(new Content("f2fs", "f2fs filesystem"))
                    : Optional.empty(),
            media -> media.u32(1024) == 0xe0f5e1e2
                    ? Optional.of(new Content("erofs", "erofs filesystem"))
                    : Optional.empty(),
            Signature.at(0, "hsqs", "squashfs", "squashfs filesystem"),
            Signature.at(32768, "JFS1", "jfs", "JFS filesystem"),
            Signature.at(65536 + 52, "ReIsEr", "reiserfs", "reiserfs filesystem"),
            Signature.bytes(65536, "01161970", "gfs2", "gfs2 filesystem"),
            Signature.at(32, "NXSB", "apfs", "APFS container"),
            Signature.at(1024, "H+\0\u0004", "hfsplus", "HFS+ filesystem"),
            media -> media.has(32769, "CD001")
                    ? Signature.labelled("iso9660", "ISO 9660 image", media.text(32808, 32))
                    : Optional.empty(),
            Signature.at(32769, "BEA01", "udf", "UDF filesystem"));

    // struct ext2_super_block, at 1024.
    private static final long EXT = 1024;
    private static final int EXT_MAGIC = 0xef53;
    private static final int COMPAT_HAS_JOURNAL = 0x4;
    private static final int INCOMPAT_JOURNAL_DEVICE = 0x8;
    /** Extents, 64 bit, MMP, flexible groups: what ext3 does not know. */
    private static final int INCOMPAT_EXT4 = 0x40 | 0x80 | 0x100 | 0x200;
    /** Huge files, group checksums, many links, large inodes, metadata checksums. */
    private static final int RO_COMPAT_EXT4 = 0x8 | 0x10 | 0x20 | 0x40 | 0x400;

    private FileSystems() {}

    private static Optional<Content> ext(Media media) {
        if (media.u16(EXT + 0x38) != EXT_MAGIC) {
            return Optional.empty();
        }
        int compat = media.u32(EXT + 0x5c);
        int incompat = media.u32(EXT + 0x60);
        int readOnlyCompat = media.u32(EXT + 0x64);
        String label = media.text(EXT + 0x78, 16);
        if ((incompat & INCOMPAT_JOURNAL_DEVICE) != 0) {
            return Signature.labelled("jbd", "journal of an ext filesystem", label);
        }
        String kind = (compat & COMPAT_HAS_JOURNAL) != 0 ? "ext3" : "ext2";
        if ((incompat & INCOMPAT_EXT4) != 0 || (readOnlyCompat & RO_COMPAT_EXT4) != 0) {
            kind = "ext4";
        }
        return Signature.labelled(kind, kind + " filesystem", label);
    }

    private static Optional<Content> fat(Media media) {
        if (media.u16(510) != 0xaa55) {
            return Optional.empty();
        }
        if (media.has(82, "FAT32   ")) {
            return Signature.labelled("vfat", "FAT filesystem", media.text(71, 11));
        }
        return media.has(54, "FAT12   ") || media.has(54, "FAT16   ") || media.has(54, "FAT     ")
                ? Signature.labelled("vfat", "FAT filesystem", media.text(43, 11))
                : Optional.empty();
    }

    /** At the end of the first page, of whatever size pages had where it was made. */
    private static Optional<Content> swap(Media media) {
        for (int pageBytes = 4096; pageBytes <= 65536; pageBytes *= 2) {
            long at = pageBytes - 10L;
            if (media.has(at, "SWAPSPACE2") || media.has(at, "SWAP-SPACE")) {
                return Signature.labelled("swap", "swap space", media.text(1052, 16));
            }
            if (media.has(at, "S1SUSPEND") || media.has(at, "S2SUSPEND")) {
                return Optional.of(new Content("suspend", "memory of a suspended system"));
            }
        }
        return Optional.empty();
    }
}
