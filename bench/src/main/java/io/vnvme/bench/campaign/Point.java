package io.vnvme.bench.campaign;

import io.vnvme.bench.load.Traffic;
import java.util.Locale;

/** One thing to measure: a drive, and what is asked of it. */
record Point(DriveKind drive, Traffic traffic) {
    static Point of(DriveKind drive, int readPercent, int blockBytes, int depth, int queues) {
        return new Point(drive, new Traffic(readPercent, false, blockBytes, depth, queues));
    }

    /** {@code read}, {@code write} or {@code 70/30}. */
    String workload() {
        return switch (traffic.readPercent()) {
            case 100 -> "read";
            case 0 -> "write";
            default -> "%d/%d".formatted(traffic.readPercent(), 100 - traffic.readPercent());
        };
    }

    /** {@code 4K}. */
    String block() {
        return (traffic.blockBytes() >> 10) + "K";
    }

    /** The name in a results file: {@code ram-4K-read-qd64}. */
    String key() {
        String queues = traffic.queues() == 1 ? "" : "-q" + traffic.queues();
        return "%s-%s-%s-qd%d%s"
                .formatted(drive.name().toLowerCase(Locale.ROOT), block(), workload(), traffic.depth(), queues);
    }
}
