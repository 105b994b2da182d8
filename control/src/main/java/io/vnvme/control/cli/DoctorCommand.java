package io.vnvme.control.cli;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.doctor.Doctor;
import io.vnvme.control.doctor.Host;
import io.vnvme.control.model.HostCheck;
import io.vnvme.control.model.SystemInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "doctor",
        description = {
            "Check whether a daemon can work on this host, and what would make it work better.",
            "Needs no daemon and changes nothing. Exit status: 1 when something fails."
        })
final class DoctorCommand extends ClientCommand {
    @Option(
            names = "--state",
            paramLabel = "DIR",
            defaultValue = "/var/lib/vnvme",
            description = "folder of the daemon's state, where the configuration says none (default: ${DEFAULT-VALUE})")
    private Path stateDir = Path.of("/var/lib/vnvme");

    private boolean failed;

    @Override
    protected void run(ApiClient client) {
        List<HostCheck> checks = checks(client, stateDir, runDir());
        failed = checks.stream().anyMatch(HostCheck::failed);
        print(json() ? json(checks) : text(checks));
    }

    @Override
    protected int status() {
        return failed ? 1 : 0;
    }

    /** All that can be checked here, the daemon too. */
    static List<HostCheck> checks(ApiClient client, Path stateDir, Path runDir) {
        List<HostCheck> checks = new ArrayList<>(new Doctor(Host.real(), stateDir, runDir).look());
        checks.add(daemon(client));
        return checks;
    }

    private static HostCheck daemon(ApiClient client) {
        try {
            SystemInfo system = client.read(client.get("/api/v1/system"), SystemInfo.class);
            String found = "version %s serves, process %d".formatted(system.version(), system.pid());
            if (!system.version().equals(Vnvme.VERSION)) {
                return HostCheck.warn(
                        "daemon", found, "this is version %s: restart the daemon".formatted(Vnvme.VERSION));
            }
            return system.warnings().isEmpty()
                    ? HostCheck.ok("daemon", found)
                    : HostCheck.warn("daemon", found, String.join("; ", system.warnings()));
        } catch (CliException e) {
            return HostCheck.warn("daemon", "does not answer", String.valueOf(e.getMessage()));
        }
    }

    static String json(List<HostCheck> checks) {
        return Jsonb.builder().build().type(HostCheck.class).list().toJson(checks);
    }

    /** A line for each, and what to do below it. */
    static String text(List<HostCheck> checks) {
        int width = checks.stream().mapToInt(c -> c.name().length()).max().orElse(0);
        List<String> lines = new ArrayList<>();
        for (HostCheck check : checks) {
            String gap = " ".repeat(width - check.name().length() + 2);
            lines.add("%-4s  %s%s%s".formatted(check.outcome(), check.name(), gap, check.found()));
            if (check.advice() != null) {
                lines.add(" ".repeat(width + 8) + "-> " + check.advice());
            }
        }
        return String.join("\n", lines);
    }
}
