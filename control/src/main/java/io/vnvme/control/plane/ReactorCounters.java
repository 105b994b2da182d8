package io.vnvme.control.plane;

/**
 * What a reactor has ended since it began.
 *
 * @param reads commands that read
 * @param writes commands that wrote
 * @param others flushes and all others
 * @param readBytes moved by reads
 * @param writtenBytes moved by writes
 * @param errors commands that ended with an error
 */
public record ReactorCounters(long reads, long writes, long others, long readBytes, long writtenBytes, long errors) {
    public static final ReactorCounters NONE = new ReactorCounters(0, 0, 0, 0, 0, 0);

    /** These and those. */
    public ReactorCounters and(ReactorCounters o) {
        return plus(o, 1);
    }

    /** What was counted since {@code earlier}. */
    public ReactorCounters since(ReactorCounters earlier) {
        return plus(earlier, -1);
    }

    private ReactorCounters plus(ReactorCounters o, int factor) {
        return new ReactorCounters(
                reads + factor * o.reads,
                writes + factor * o.writes,
                others + factor * o.others,
                readBytes + factor * o.readBytes,
                writtenBytes + factor * o.writtenBytes,
                errors + factor * o.errors);
    }
}
