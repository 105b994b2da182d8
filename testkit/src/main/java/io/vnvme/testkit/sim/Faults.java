package io.vnvme.testkit.sim;

/**
 * How a simulated drive behaves.
 *
 * @param delayMinNs shortest time that work takes
 * @param delayMaxNs longest time that work takes
 * @param errorShare part of the reads and writes that fail, 0 to 1
 */
public record Faults(long delayMinNs, long delayMaxNs, double errorShare) {
    /** Work ends at the next poll, all of it well. */
    public static final Faults NONE = new Faults(0, 0, 0);

    /** Work takes up to this long, so that it ends in another order than it began. */
    public static Faults delays(long delayMaxNs) {
        return new Faults(0, delayMaxNs, 0);
    }
}
