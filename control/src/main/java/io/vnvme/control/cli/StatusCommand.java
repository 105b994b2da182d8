package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.model.SystemInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

@Command(name = "status", description = "Show the daemon, its capacity and what needs attention.")
final class StatusCommand extends WatchableCommand {
    private List<String> warnings = List.of();

    @Override
    String page(ApiClient client, int width) {
        String reply = client.get("/api/v1/system");
        if (json()) {
            return reply;
        }
        SystemInfo system = client.read(reply, SystemInfo.class);
        List<String> lines = new ArrayList<>();
        lines.add("daemon    vnvme %s, process %d, up %s (started in %s)"
                .formatted(
                        system.version(),
                        system.pid(),
                        uptime(Duration.ofSeconds(system.uptimeSeconds())),
                        duration(system.startMillis() * 1000)));
        lines.add("folders   state %s, run %s".formatted(system.stateDir(), system.runDir()));
        if (system.listen() != null) {
            lines.add("listens   https://%s, certificate SHA-256 %s".formatted(system.listen(), system.fingerprint()));
        }
        lines.add("drives    %d claimed of %d".formatted(system.claimedCount(), system.driveCount()));
        lines.add("pools     %d, %s free of %s"
                .formatted(
                        system.poolCount(),
                        ByteSize.format(system.freeBytes()),
                        ByteSize.format(system.capacityBytes())));
        lines.add("vNVMes    %d, %d in use".formatted(system.vnvmeCount(), system.attachedCount()));
        lines.add("reactors  "
                + system.reactors().stream().map(StatusCommand::reactor).collect(Collectors.joining(", ")));
        if (system.runningJobCount() > 0) {
            lines.add("jobs      %d under way: see 'vnvme jobs'".formatted(system.runningJobCount()));
        }
        warnings = system.warnings();
        if (watching()) {
            warnings.forEach(w -> lines.add("warning: " + w));
        }
        return String.join("\n", lines);
    }

    @Override
    void shown() {
        warnings.forEach(this::warn);
    }

    private static String reactor(ReactorInfo reactor) {
        return reactor.cpu() < 0 ? reactor.name() : "%s on CPU %d".formatted(reactor.name(), reactor.cpu());
    }

    private static String uptime(Duration up) {
        return up.toDays() > 0
                ? "%d d %d h".formatted(up.toDays(), up.toHoursPart())
                : up.toHours() > 0
                        ? "%d h %d min".formatted(up.toHours(), up.toMinutesPart())
                        : up.toMinutes() > 0
                                ? "%d min %d s".formatted(up.toMinutes(), up.toSecondsPart())
                                : "%d s".formatted(up.toSeconds());
    }
}
