package io.vnvme.control.cli;

import io.vnvme.control.config.ConfigException;
import io.vnvme.control.config.ConfigFile;
import io.vnvme.control.config.DaemonSettings;
import io.vnvme.control.config.Setting;
import io.vnvme.control.config.SettingsDraft;
import io.vnvme.control.daemon.DaemonProcess;
import io.vnvme.control.log.Logs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "daemon",
        description = "Serve virtual NVMe drives, in the foreground, until SIGTERM or SIGINT.",
        footer = {
            "An option counts for more than the same setting in the configuration file.",
            "Several daemons can run on one machine, each with its own --state and --run."
        })
final class DaemonCommand implements Callable<Integer> {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "configuration file, see 'vnvme config sample' (default: /etc/vnvme/vnvme.toml if it is there)")
    private @Nullable Path config;

    @Option(names = "--state", paramLabel = "DIR", description = "folder of the state file (default: /var/lib/vnvme)")
    private @Nullable String stateDir;

    @Option(
            names = "--run",
            paramLabel = "DIR",
            description = "folder of the sockets (default: VNVME_RUN, or /run/vnvme)")
    private @Nullable String runDir;

    @Option(
            names = "--ram",
            paramLabel = "NAME=SIZE|COUNTxSIZE",
            description =
                    "offer an embedded RAM drive, such as ram0=512M, or several: 4x512M for ram0 to ram3; its content ends with the daemon")
    private @Nullable List<String> rams;

    @Option(
            names = "--reactors",
            paramLabel = "N",
            description =
                    "threads that serve I/O, each on a processor of its own (default: as many as there are --cpus; else one for each 4 processors, 1 to 8)")
    private @Nullable String reactors;

    @Option(
            names = "--cpus",
            paramLabel = "LIST",
            description =
                    "processors of the reactors, such as 3 or 4-7,12 (default: the last ones this process may use)")
    private @Nullable String cpus;

    @Option(
            names = "--rehearsal",
            paramLabel = "SECONDS",
            description =
                    "how long it works for a guest of its own before it serves, so that the first real one finds compiled code; gains little so far (default: none)")
    private @Nullable String rehearsal;

    @Option(
            names = "--idle",
            paramLabel = "HOW",
            split = ",",
            description =
                    "what a reactor without work does: poll (never sleeps), adaptive (polls a little, then sleeps), interrupt (sleeps at once); several, such as poll,adaptive, for the first, the second, and all others (default: adaptive)")
    private @Nullable List<String> idle;

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS:PORT",
            description =
                    "serve the API and the web UI over TLS as well, to those who have a token; a certificate is made the first time (default: on the Unix socket alone)")
    private @Nullable String listen;

    @Option(
            names = "--tcp",
            paramLabel = "ADDRESS:PORT[=ADVERTISED]",
            split = ",",
            description =
                    "accept NVMe/TCP hosts there, such as 0.0.0.0:4420, and for discovery 0.0.0.0:8009; several are allowed; behind a translation of addresses, the one that hosts are to connect to (default: no hosts are accepted)")
    private @Nullable List<String> tcp;

    @Option(
            names = "--tcp-referral",
            paramLabel = "ADDRESS:PORT",
            split = ",",
            description =
                    "tell NVMe/TCP hosts that ask what there is to ask there too: another daemon's discovery, such as 10.0.0.6:8009; several are allowed")
    private @Nullable List<String> referrals;

    @Option(
            names = "--libvirt",
            paramLabel = "URI",
            description = "the libvirt that is asked for VMs, or none (default: qemu:///system)")
    private @Nullable String libvirt;

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            description = "how its log looks: human, or json, an object in each line (default: human)")
    private @Nullable String logFormat;

    @Option(
            names = "--otlp",
            paramLabel = "URL",
            description =
                    "tell traces of requests and jobs to this collector of OpenTelemetry, by OTLP over HTTP, such as http://127.0.0.1:4318 (default: none)")
    private @Nullable String otlp;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        SettingsDraft draft = new SettingsDraft();
        readFile(draft);
        option(draft, Setting.STATE, stateDir);
        option(draft, Setting.RUN, runDir != null ? runDir : System.getenv("VNVME_RUN"));
        option(draft, Setting.RAM, rams);
        option(draft, Setting.REACTORS, reactors);
        option(draft, Setting.CPUS, cpus);
        option(draft, Setting.IDLE, idle);
        option(draft, Setting.LISTEN, listen);
        option(draft, Setting.TCP, tcp);
        option(draft, Setting.TCP_REFERRAL, referrals);
        option(draft, Setting.REHEARSAL, rehearsal);
        option(draft, Setting.LIBVIRT, libvirt);
        option(draft, Setting.LOG_FORMAT, logFormat);
        option(draft, Setting.OTLP, otlp);
        DaemonSettings settings = settings(draft);
        Logs.to(settings.logFormat());
        return DaemonProcess.run(Vnvme.VERSION, settings);
    }

    private DaemonSettings settings(SettingsDraft draft) {
        try {
            return draft.settings();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--reactors, --cpus: " + e.getMessage(), e);
        }
    }

    private void readFile(SettingsDraft draft) {
        Path file = config != null ? config : ConfigFile.DEFAULT;
        if (config == null && !Files.exists(file)) {
            return;
        }
        try {
            ConfigFile.read(file).applyTo(draft);
        } catch (ConfigException e) {
            throw ConfigCommand.failure(e);
        }
    }

    private void option(SettingsDraft draft, Setting setting, @Nullable String value) {
        if (value != null) {
            option(draft, setting, List.of(value));
        }
    }

    private void option(SettingsDraft draft, Setting setting, @Nullable List<String> values) {
        if (values == null) {
            return;
        }
        try {
            draft.set(setting, values);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--%s: %s".formatted(setting.key(), e.getMessage()), e);
        }
    }
}
