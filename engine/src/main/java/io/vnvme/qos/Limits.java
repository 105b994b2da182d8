package io.vnvme.qos;

/**
 * How much a vNVMe, or a group of them, may do in a second. 0 is no limit; any number from 1 up is one.
 *
 * @param readIops commands that read, a second
 * @param writeIops commands that write, a second
 * @param iops both together
 * @param readBytes bytes that are read, a second
 * @param writeBytes bytes that are written, a second
 * @param bytes both together
 * @param burstSeconds how many seconds' worth of each limit can be saved up while less is used, and spent at once later
 */
public record Limits(
        long readIops, long writeIops, long iops, long readBytes, long writeBytes, long bytes, int burstSeconds) {
    /** Largest limit: far beyond any drive, and small enough that no sum of products overflows. */
    public static final long RATE_MAX = 1_000_000_000_000L;
    /** Most seconds that can be saved up. */
    public static final int BURST_SECONDS_MAX = 3600;

    public static final Limits NONE = new Limits(0, 0, 0, 0, 0, 0, 0);

    /** @throws IllegalArgumentException when a number is negative or too large */
    public Limits {
        check(readIops);
        check(writeIops);
        check(iops);
        check(readBytes);
        check(writeBytes);
        check(bytes);
        if (burstSeconds < 0 || burstSeconds > BURST_SECONDS_MAX) {
            throw new IllegalArgumentException(
                    "a burst of %d seconds, not 0 to %d".formatted(burstSeconds, BURST_SECONDS_MAX));
        }
    }

    /** True when there is nothing to hold anybody back. */
    public boolean none() {
        return (readIops | writeIops | iops | readBytes | writeBytes | bytes) == 0;
    }

    /** All but the burst, in the order of the components. */
    long[] rates() {
        return new long[] {readIops, writeIops, iops, readBytes, writeBytes, bytes};
    }

    private static void check(long rate) {
        if (rate < 0 || rate > RATE_MAX) {
            throw new IllegalArgumentException("a limit of %d a second, not 0 to %d".formatted(rate, RATE_MAX));
        }
    }
}
