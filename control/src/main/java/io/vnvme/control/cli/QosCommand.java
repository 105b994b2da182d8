package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ChangeQos;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "qos",
        description =
                "Show or change what a virtual NVMe drive may do, also while it is in use; what is not named stays.")
final class QosCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME", description = "the vNVMe")
    private String name = "";

    @Mixin
    private QosOptions options = new QosOptions();

    @Option(names = "--unlimited", description = "take all its limits away first")
    private boolean unlimited;

    @Override
    protected void run(ApiClient client) {
        String path = "/api/v1/vnvmes/%s/qos".formatted(encoded(name));
        ChangeQos change = options.change(unlimited);
        String reply = change == null ? client.get(path) : client.post(path, change);
        if (json()) {
            print(reply);
            return;
        }
        print("%s: %s".formatted(name, text(client.read(reply, Qos.class))));
    }

    /** In a line: {@code 500 IOPS, reads 100 MiB/s, bursts of 10 s, weight 100, group blue}. */
    static String text(Qos qos) {
        return text(qos.limits()) + ", weight " + qos.weight() + (qos.group() == null ? "" : ", group " + qos.group());
    }

    static String text(QosLimits limits) {
        List<String> parts = new ArrayList<>();
        count(parts, "", limits.iops());
        count(parts, "reads ", limits.readIops());
        count(parts, "writes ", limits.writeIops());
        bandwidth(parts, "", limits.bytes());
        bandwidth(parts, "reads ", limits.readBytes());
        bandwidth(parts, "writes ", limits.writeBytes());
        if (parts.isEmpty()) {
            return "no limits";
        }
        if (limits.burstSeconds() > 0) {
            parts.add("bursts of %d s".formatted(limits.burstSeconds()));
        }
        return String.join(", ", parts);
    }

    private static void count(List<String> parts, String what, long rate) {
        if (rate > 0) {
            parts.add("%s%d IOPS".formatted(what, rate));
        }
    }

    private static void bandwidth(List<String> parts, String what, long rate) {
        if (rate > 0) {
            parts.add("%s%s/s".formatted(what, ByteSize.format(rate)));
        }
    }
}
