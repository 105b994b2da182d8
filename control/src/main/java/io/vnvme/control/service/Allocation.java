package io.vnvme.control.service;

import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.VnvmeRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/** Where on a drive a linear volume goes: the first gap that is large enough, on whole mebibytes. */
final class Allocation {
    static final long ALIGNMENT_BYTES = 1 << 20;

    private record Gap(long startBytes, long sizeBytes) {}

    private Allocation() {}

    /** @return offset in bytes, nothing when no gap is large enough */
    static OptionalLong place(ClaimedDrive drive, List<VnvmeRecord> taken, long sizeBytes) {
        return gaps(drive, taken).stream()
                .filter(gap -> gap.sizeBytes() >= sizeBytes)
                .mapToLong(Gap::startBytes)
                .findFirst();
    }

    /** Bytes in all gaps. */
    static long freeBytes(ClaimedDrive drive, List<VnvmeRecord> taken) {
        return gaps(drive, taken).stream().mapToLong(Gap::sizeBytes).sum();
    }

    /** Bytes in the largest gap. */
    static long largestFreeBytes(ClaimedDrive drive, List<VnvmeRecord> taken) {
        return gaps(drive, taken).stream().mapToLong(Gap::sizeBytes).max().orElse(0);
    }

    private static List<Gap> gaps(ClaimedDrive drive, List<VnvmeRecord> taken) {
        List<VnvmeRecord> ordered = taken.stream()
                .sorted(Comparator.comparingLong(VnvmeRecord::offsetBytes))
                .toList();
        List<Gap> gaps = new ArrayList<>();
        long from = 0;
        for (VnvmeRecord vnvme : ordered) {
            addGap(gaps, from, vnvme.offsetBytes());
            from = aligned(vnvme.offsetBytes() + vnvme.sizeBytes());
        }
        addGap(gaps, from, drive.sizeBytes());
        return gaps;
    }

    private static void addGap(List<Gap> gaps, long from, long to) {
        if (to > from) {
            gaps.add(new Gap(from, to - from));
        }
    }

    private static long aligned(long bytes) {
        return (bytes + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
    }
}
