package io.vnvme.control.plane;

/**
 * Space of a pool that a volume or snapshot takes.
 *
 * @param usedBytes what holds its data
 * @param sharedBytes of that, what another one holds too
 * @param exclusiveBytes of that, what its removal would give back
 */
public record LayerUsage(long usedBytes, long sharedBytes, long exclusiveBytes) {
    public static final LayerUsage NONE = new LayerUsage(0, 0, 0);
}
