package io.vnvme.control.plane;

import java.util.List;
import java.util.UUID;

/**
 * A pool to be made.
 *
 * @param layout {@code concat}, {@code stripe} or {@code mirror}
 * @param sets open drives; a set of several is a mirror
 */
public record PoolPlan(UUID id, String name, String layout, List<List<UUID>> sets) {
    public static final String CONCAT = "concat";
    public static final String STRIPE = "stripe";
    public static final String MIRROR = "mirror";
}
