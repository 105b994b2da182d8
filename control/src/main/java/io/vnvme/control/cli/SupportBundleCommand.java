package io.vnvme.control.cli;

import io.vnvme.control.doctor.Host;
import io.vnvme.control.doctor.TarGz;
import io.vnvme.control.model.AuditInfo;
import io.vnvme.control.model.HostCheck;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "support-bundle",
        description = {
            "Pack what helps to find a fault: status, lists, events, audit log, metrics, log, threads, 'vnvme doctor'.",
            "No secrets and nothing of guests' data is in it; names of drives, vNVMes, VMs, users and paths are."
        })
final class SupportBundleCommand extends ClientCommand {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    /** What the daemon is asked for, by the name that it gets. */
    private static final Map<String, String> ASKED = asked();

    /** What looks like a token, a session or a key, wherever it comes from. */
    private static final Pattern SECRET = Pattern.compile(
            "vnvme_[A-Za-z0-9_-]{43}"
                    + "|(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*[A-Z])(?=[A-Za-z0-9_-]*[a-z])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"
                    + "|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
            Pattern.DOTALL);

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description = "the archive, which must not be there yet (default: vnvme-support-TIME.tar.gz)")
    private @Nullable Path file;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            defaultValue = "/var/lib/vnvme",
            description = "folder of the daemon's state, for 'vnvme doctor' (default: ${DEFAULT-VALUE})")
    private Path stateDir = Path.of("/var/lib/vnvme");

    private static Map<String, String> asked() {
        Map<String, String> asked = new LinkedHashMap<>();
        asked.put("system.json", "/api/v1/system");
        for (String list : List.of(
                "drives",
                "pools",
                "vnvmes",
                "snapshots",
                "groups",
                "jobs",
                "events",
                "reactors",
                "tokens",
                "peers",
                "vms")) {
            asked.put(list + ".json", "/api/v1/" + list);
        }
        asked.put("top.json", "/api/v1/top?intervalMs=1000");
        asked.put("metrics.txt", "/metrics");
        asked.put("threads.txt", "/api/v1/system/threads");
        return asked;
    }

    @Override
    protected void run(ApiClient client) {
        Instant now = Instant.now();
        Path target = file != null ? file : Path.of("vnvme-support-%s.tar.gz".formatted(STAMP.format(now)));
        Map<String, String> parts = parts(client);
        try (OutputStream out = create(target);
                TarGz archive = new TarGz(out, now)) {
            for (Map.Entry<String, String> part : parts.entrySet()) {
                archive.add("vnvme-support/" + part.getKey(), withoutSecrets(part.getValue()));
            }
        } catch (FileAlreadyExistsException e) {
            throw new CliException("%s is there already: name another file".formatted(target), e);
        } catch (IOException e) {
            throw new CliException("%s cannot be written: %s".formatted(target, e.getMessage()), e);
        }
        print("wrote %s: %d files".formatted(target, parts.size()));
    }

    /** Nobody else reads it. */
    private static OutputStream create(Path target) throws IOException {
        return Channels.newOutputStream(Files.newByteChannel(
                target,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))));
    }

    private Map<String, String> parts(ApiClient client) {
        Map<String, String> parts = new TreeMap<>();
        ASKED.forEach((name, path) -> parts.put(name, said(path, () -> client.get(path))));
        parts.put("audit.txt", said("/api/v1/audit", () -> audit(client)));
        List<HostCheck> checks = DoctorCommand.checks(client, stateDir, runDir());
        parts.put("doctor.txt", DoctorCommand.text(checks) + "\n");
        parts.put("doctor.json", DoctorCommand.json(checks));
        Host host = Host.real();
        parts.put("versions.txt", versions(host));
        parts.put("log.txt", host.journal().orElse("no journal of a unit 'vnvme' here\n"));
        return parts;
    }

    private static String audit(ApiClient client) {
        StringBuilder all = new StringBuilder();
        List<AuditInfo> entries;
        long last = 0;
        do {
            entries = client.readList(client.get("/api/v1/audit?after=" + last), AuditInfo.class);
            entries.forEach(e -> all.append(e).append('\n'));
            last = entries.isEmpty() ? last : entries.getLast().number();
        } while (!entries.isEmpty());
        return all.toString();
    }

    /** An answer, or why there is none: that too may be what is looked for. */
    private static String said(String path, Supplier<String> answer) {
        try {
            return answer.get();
        } catch (CliException e) {
            return "GET %s: %s\n".formatted(path, e.getMessage());
        }
    }

    private static String versions(Host host) {
        return "vnvme %s\nJava %s, %s\n%s\n%s\n"
                .formatted(
                        Vnvme.VERSION,
                        System.getProperty("java.version"),
                        System.getProperty("java.vm.name"),
                        host.file("proc/version").orElse(""),
                        host.file("etc/os-release").orElse(""));
    }

    /** The API gives none away; a log may hold what somebody pasted into a name. */
    static String withoutSecrets(String text) {
        return SECRET.matcher(text).replaceAll("(left out)");
    }
}
