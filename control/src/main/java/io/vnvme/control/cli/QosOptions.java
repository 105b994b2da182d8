package io.vnvme.control.cli;

import io.vnvme.control.model.ChangeQos;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a vNVMe may do beside others. */
final class QosOptions {
    @Mixin
    private LimitOptions limits = new LimitOptions();

    @Option(
            names = "--weight",
            paramLabel = "W",
            description = "its share where there is not enough for all, 1 to 1000 (default: 100)")
    private @Nullable Integer weight;

    @Option(
            names = "--group",
            paramLabel = "GROUP",
            description = "share this group's limits with its other members; 'none' leaves it")
    private @Nullable String group;

    /** What was asked for; null when nothing was. */
    @Nullable
    ChangeQos change(boolean unlimited) {
        String joined = "none".equals(group) ? "" : group;
        var changed = limits.change(unlimited);
        if (changed.empty() && weight == null && joined == null) {
            return null;
        }
        return new ChangeQos(changed, weight, joined);
    }
}
