package io.vnvme.testkit.mirror;

import java.util.ArrayList;
import java.util.List;

/**
 * What each block of 4 KiB may hold, by the number of the change that was last: a written block is filled with its number,
 * a negative number is that of a change to zeros. Numbers come once, so that a flush knows which zeros it made durable.
 */
final class BlockModel {
    /** Of each block: what it may hold now, and what it may hold after a power cut as well. */
    private final List<List<Long>> now = new ArrayList<>();

    private final List<List<Long>> afterCut = new ArrayList<>();
    private final boolean[] busy;

    BlockModel(int blocks) {
        busy = new boolean[blocks];
        for (int i = 0; i < blocks; i++) {
            now.add(List.of(0L));
            afterCut.add(new ArrayList<>(List.of(0L)));
        }
    }

    int size() {
        return busy.length;
    }

    boolean anyBusy(int first, int count) {
        for (int i = first; i < first + count; i++) {
            if (busy[i]) {
                return true;
            }
        }
        return false;
    }

    void busy(int first, int count, boolean value) {
        for (int i = first; i < first + count; i++) {
            busy[i] = value;
        }
    }

    /** A write began: after a cut it may be there. */
    void begins(int first, int count, long number) {
        for (int i = first; i < first + count; i++) {
            afterCut.get(i).add(number);
        }
    }

    void acknowledged(int first, int count, long number, boolean durable) {
        for (int i = first; i < first + count; i++) {
            now.set(i, List.of(number));
            if (durable) {
                afterCut.set(i, new ArrayList<>(now.get(i)));
            }
        }
    }

    /** A write ended in an error: either is right from now on. */
    void failed(int first, int count, long number) {
        for (int i = first; i < first + count; i++) {
            List<Long> either = new ArrayList<>(now.get(i));
            either.add(number);
            now.set(i, either);
        }
    }

    /** Returns what would be durable if a flush began now. */
    List<List<Long>> snapshot() {
        return new ArrayList<>(now);
    }

    /** A flush that began at the snapshot ended. Blocks that were written meanwhile may still hold what they held then. */
    void flushed(List<List<Long>> snapshot) {
        for (int i = 0; i < busy.length; i++) {
            List<Long> left = afterCut.get(i);
            long oldest = snapshot.get(i).getFirst();
            int index = left.lastIndexOf(oldest);
            if (index > 0 && snapshot.get(i).size() == 1) {
                left.subList(0, index).clear();
            }
        }
    }

    void cut() {
        for (int i = 0; i < busy.length; i++) {
            now.set(i, List.copyOf(afterCut.get(i)));
            busy[i] = false;
        }
    }

    /** The block was read and holds this, one of {@link #allowed}: from then on it has to. */
    void read(int block, long value) {
        now.set(
                block,
                now.get(block).stream().filter(number -> value(number) == value).toList());
    }

    /** What the block may be filled with. */
    List<Long> allowed(int block) {
        return now.get(block).stream().map(BlockModel::value).distinct().toList();
    }

    private static long value(long number) {
        return Math.max(number, 0);
    }

    /** False when a cut left it open what the block holds. */
    boolean certain(int block) {
        return allowed(block).size() == 1;
    }
}
