package io.vnvme.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** The threads of this process that are bound to one processor, and all others. */
public final class PinnedThreads {
    private static final Path TASKS = Path.of("/proc/self/task");
    /** New threads have their maker's processors: one more look than there are makers that were not seen yet. */
    private static final int LOOKS_MAX = 10;

    private PinnedThreads() {}

    /**
     * Keeps all other threads of this process - the JVM's own too, and those that they will start - off the processors of the
     * pinned ones. Where that leaves none, all stays as it is.
     *
     * @return the processors that are left to the others
     */
    public static BitSet haveTheirProcessors() throws IOException {
        BitSet left = Cpu.allowed();
        for (int thread : threads()) {
            BitSet its = allowed(thread);
            if (its.cardinality() == 1) {
                left.andNot(its);
            }
        }
        for (int look = 0; look < LOOKS_MAX && !left.isEmpty() && moveOthers(left); look++) {
            // Whoever was started meanwhile is looked at again.
        }
        return left;
    }

    /** @return whether there was one that had others */
    private static boolean moveOthers(BitSet left) throws IOException {
        boolean moved = false;
        for (int thread : threads()) {
            BitSet its = allowed(thread);
            if (its.cardinality() > 1 && !its.equals(left)) {
                moved = true;
                allow(thread, left);
            }
        }
        return moved;
    }

    private static List<Integer> threads() throws IOException {
        List<Integer> threads = new ArrayList<>();
        try (var entries = Files.newDirectoryStream(TASKS)) {
            entries.forEach(
                    entry -> threads.add(Integer.parseInt(entry.getFileName().toString())));
        }
        return threads;
    }

    /** Of one that has ended meanwhile: none. */
    private static BitSet allowed(int thread) {
        try {
            return Cpu.allowed(thread);
        } catch (NativeException e) {
            return ended(e);
        }
    }

    private static void allow(int thread, BitSet cpus) {
        try {
            Cpu.allow(thread, cpus);
        } catch (NativeException e) {
            ended(e);
        }
    }

    private static BitSet ended(NativeException e) {
        if (e.errno() != Errno.ESRCH) {
            throw e;
        }
        return new BitSet();
    }
}
