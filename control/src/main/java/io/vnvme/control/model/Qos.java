package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * What a vNVMe may do, and how much of it is its due beside others.
 *
 * @param limits of its own
 * @param weight its share where there is not enough for all, 1 to 1000; 100 unless it was set
 * @param group whose limits it shares with the group's other members; absent: none
 */
@Json
public record Qos(QosLimits limits, int weight, @Nullable String group) {
    public static final int WEIGHT_DEFAULT = 100;
    public static final Qos NONE = new Qos(QosLimits.NONE, WEIGHT_DEFAULT, null);

    /** With what a change names; the rest stays. */
    public Qos with(ChangeQos change) {
        Integer newWeight = change.weight();
        String newGroup = change.group();
        return new Qos(
                limits.with(change.limits()),
                newWeight == null ? weight : newWeight,
                newGroup == null ? group : newGroup.isEmpty() ? null : newGroup);
    }
}
