package io.vnvme.drive.claim;

import java.util.List;
import java.util.Optional;

/** Volume managers, RAID, encryption, caches, image formats and partition tables. */
final class Containers {
    static final List<Signature> ALL = List.of(
            Containers::gpt,
            Containers::mbr,
            Containers::lvm,
            Containers::luks,
            Containers::raid,
            Containers::zfs,
            Signature.bytes(4096 + 24, "c68573f64e1a45ca8265f57f48ba6d81", "bcache", "bcache device"),
            Signature.bytes(4096 + 24, "c68573f666ce90a9d96a60cf803df7ef", "bcachefs", "bcachefs filesystem"),
            Signature.at(0, "bluestore block device\n", "ceph-bluestore", "Ceph BlueStore OSD"),
            Signature.at(0, "SPDKBLOB", "spdk-blob", "SPDK blobstore"),
            Signature.at(512 + 4, "!Stra0tis\u0086\u00ff\u0002^Arh", "stratis", "Stratis pool member"),
            Signature.at(0, "dmvdo001", "vdo", "VDO volume"),
            Signature.at(0, "QFI\u00fb", "qcow2", "qcow2 image"),
            Signature.at(0, "KDMV", "vmdk", "VMDK image"),
            Signature.at(0, "vhdxfile", "vhdx", "VHDX image"),
            Signature.at(0x40, "\u007f\u0010\u00da\u00be", "vdi", "VDI image"));

    private static final int PARTITION_TABLE = 446;
    private static final int PARTITIONS = 4;
    private static final int PARTITION_BYTES = 16;
    private static final int TYPE_GPT = 0xee;
    private static final int RAID_MAGIC = 0xa92b4efc;
    private static final long ZFS_MAGIC = 0x00bab10cL;
    private static final long ZFS_LABEL_BYTES = 256 << 10;

    private Containers() {}

    private static Optional<Content> gpt(Media media) {
        for (int block : new int[] {512, 4096}) {
            boolean first = media.has(block, "EFI PART");
            if (first || media.has((media.sizeBytes() & -block) - block, "EFI PART")) {
                int entries = first ? partitions(media, block) : 0;
                String what = entries == 0 ? "" : " with %d partition%s".formatted(entries, entries == 1 ? "" : "s");
                return Optional.of(new Content("gpt", "GPT partition table" + what));
            }
        }
        return Optional.empty();
    }

    private static int partitions(Media media, int block) {
        long at = media.u64(block + 72) * block;
        int count = Math.clamp(media.u32(block + 80), 0, 128);
        int bytes = Math.clamp(media.u32(block + 84), 128, 4096);
        int used = 0;
        for (int i = 0; i < count; i++) {
            long entry = at + (long) i * bytes;
            used += media.u64(entry) != 0 || media.u64(entry + 8) != 0 ? 1 : 0;
        }
        return used;
    }

    /** A boot sector of a FAT or NTFS file system ends in the same two bytes: the table must make sense too. */
    private static Optional<Content> mbr(Media media) {
        if (media.u16(510) != 0xaa55 || media.has(3, "NTFS    ") || media.has(3, "EXFAT   ")) {
            return Optional.empty();
        }
        int used = 0;
        for (int i = 0; i < PARTITIONS; i++) {
            long entry = PARTITION_TABLE + (long) i * PARTITION_BYTES;
            int type = media.u8(entry + 4);
            if ((media.u8(entry) & 0x7f) != 0 || type == TYPE_GPT) {
                return Optional.empty();
            }
            used += type != 0 && media.u32(entry + 12) != 0 ? 1 : 0;
        }
        return used == 0
                ? Optional.empty()
                : Optional.of(new Content(
                        "mbr", "MBR partition table with %d partition%s".formatted(used, used == 1 ? "" : "s")));
    }

    /** The label lies in one of the first four sectors. */
    private static Optional<Content> lvm(Media media) {
        for (long sector = 0; sector < 4 * 512; sector += 512) {
            if (media.has(sector, "LABELONE") && media.has(sector + 24, "LVM2 001")) {
                return Optional.of(new Content("lvm2", "LVM2 physical volume"));
            }
        }
        return Optional.empty();
    }

    private static Optional<Content> luks(Media media) {
        if (!media.has(0, "LUKS\u00ba\u00be")) {
            return media.has(0x4000, "SKUL\u00ba\u00be")
                    ? Optional.of(new Content("luks2", "LUKS2 encrypted volume (second header)"))
                    : Optional.empty();
        }
        int version = media.u8(7);
        String label = version == 2 ? media.text(24, 48) : "";
        return Signature.labelled("luks" + version, "LUKS%d encrypted volume".formatted(version), label);
    }

    /** Version 1.1 lies at the beginning, 1.2 at 4 KiB, 1.0 and 0.90 near the end; and firmware RAID at the very end. */
    private static Optional<Content> raid(Media media) {
        long sectors = media.sizeBytes() >>> 9;
        long[] places = {0, 4096, (sectors - 16 & -8L) << 9};
        for (long at : places) {
            if (at >= 0 && media.u32(at) == RAID_MAGIC && media.u32(at + 4) == 1) {
                return Signature.labelled("mdraid", "member of the RAID array", media.text(at + 32, 32));
            }
        }
        long old = (media.sizeBytes() & -65536L) - 65536;
        if (old >= 0 && media.u32(old) == RAID_MAGIC) {
            return Optional.of(new Content("mdraid", "member of a RAID array"));
        }
        return media.has(media.sizeBytes() - 1024, "Intel Raid ISM Cfg Sig. ")
                ? Optional.of(new Content("isw-raid", "member of an Intel firmware RAID"))
                : Optional.empty();
    }

    /** Four labels, two at each end; in each the second half holds uberblocks, in the byte order of their writer. */
    private static Optional<Content> zfs(Media media) {
        long end = media.sizeBytes() & -ZFS_LABEL_BYTES;
        long[] labels = {0, ZFS_LABEL_BYTES, end - 2 * ZFS_LABEL_BYTES, end - ZFS_LABEL_BYTES};
        for (long label : labels) {
            for (long at = label + ZFS_LABEL_BYTES / 2; at < label + ZFS_LABEL_BYTES; at += 1024) {
                long word = media.u64(at);
                if (word == ZFS_MAGIC || Long.reverseBytes(word) == ZFS_MAGIC) {
                    return Optional.of(new Content("zfs", "member of a ZFS pool"));
                }
            }
        }
        return Optional.empty();
    }
}
