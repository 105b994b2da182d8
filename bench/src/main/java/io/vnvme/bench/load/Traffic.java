package io.vnvme.bench.load;

/**
 * What a client asks of a drive.
 *
 * @param readPercent share of reads, 0 to 100
 * @param sequential blocks in order, from the first to the last and again; else drawn evenly over the whole drive
 * @param blockBytes size of each transfer
 * @param depth transfers in flight in each queue
 * @param queues I/O queue pairs
 */
public record Traffic(int readPercent, boolean sequential, int blockBytes, int depth, int queues) {
    public Traffic {
        if (readPercent < 0 || readPercent > 100 || blockBytes < 512 || depth < 1 || queues < 1) {
            throw new IllegalArgumentException(
                    "%d %% reads of %d bytes, %d deep in %d queues".formatted(readPercent, blockBytes, depth, queues));
        }
    }

    /** One of the two patterns, in one queue. */
    public static Traffic of(Workload workload, int blockBytes, int depth) {
        return new Traffic(workload.writes() ? 0 : 100, false, blockBytes, depth, 1);
    }

    public boolean writes() {
        return readPercent < 100;
    }

    /** In words, such as {@code random read}. */
    public String words() {
        String what = readPercent == 100
                ? "read"
                : readPercent == 0 ? "write" : "%d/%d read and write".formatted(readPercent, 100 - readPercent);
        return (sequential ? "sequential " : "random ") + what;
    }
}
