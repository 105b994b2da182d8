package io.vnvme.bench.campaign;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a campaign measures.
 *
 * @param points in this order, once a round
 * @param warmUp before the counting of each begins
 * @param length that is counted
 */
record Plan(List<Point> points, int repeats, Duration warmUp, Duration length) {
    private static final int[] BLOCKS = {4 << 10, 128 << 10};
    private static final int[] READ_PERCENTS = {100, 0, 70};
    private static final int[] DEPTHS = {1, 8, 32, 64, 128, 256};
    private static final int SEVERAL_QUEUES = 4;
    private static final int[] DEPTHS_OF_SEVERAL = {1, 16, 64};

    /** Everything. */
    static Plan full(int repeats) {
        List<Point> points = new ArrayList<>();
        for (DriveKind drive : DriveKind.values()) {
            for (int block : BLOCKS) {
                for (int percent : READ_PERCENTS) {
                    for (int depth : DEPTHS) {
                        points.add(Point.of(drive, percent, block, depth, 1));
                    }
                    for (int depth : DEPTHS_OF_SEVERAL) {
                        points.add(Point.of(drive, percent, block, depth, SEVERAL_QUEUES));
                    }
                }
            }
        }
        return new Plan(points, repeats, Duration.ofMillis(60), Duration.ofMillis(240));
    }

    /** The main points. */
    static Plan quick(int repeats) {
        List<Point> points = new ArrayList<>();
        for (DriveKind drive : List.of(DriveKind.RAM, DriveKind.NULL)) {
            for (int percent : new int[] {100, 0}) {
                for (int depth : new int[] {1, 64}) {
                    points.add(Point.of(drive, percent, 4 << 10, depth, 1));
                }
            }
        }
        return new Plan(points, repeats, Duration.ofMillis(150), Duration.ofMillis(500));
    }
}
