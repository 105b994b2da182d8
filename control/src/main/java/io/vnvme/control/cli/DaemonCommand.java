package io.vnvme.control.cli;

import io.vnvme.control.daemon.DaemonProcess;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.service.RamOffer;
import io.vnvme.os.CpuList;
import io.vnvme.reactor.IdlePolicy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "daemon",
        description = "Serve virtual NVMe drives, in the foreground, until SIGTERM or SIGINT.",
        footer = "Several daemons can run on one machine, each with its own --state and --run.")
final class DaemonCommand implements Callable<Integer> {
    private static final double REHEARSAL_SECONDS_MAX = 60;
    private static final int PORT_MAX = 65_535;
    private static final String LISTEN_USAGE =
            "--listen %s: it is an address of this host and a port, such as 0.0.0.0:8443 or [::]:8443";

    @Option(
            names = "--state",
            paramLabel = "DIR",
            defaultValue = "/var/lib/vnvme",
            description = "folder of the state file (default: ${DEFAULT-VALUE})")
    private Path stateDir = Path.of("");

    @Option(
            names = "--run",
            paramLabel = "DIR",
            defaultValue = "${env:VNVME_RUN:-/run/vnvme}",
            description = "folder of the sockets (default: VNVME_RUN, or /run/vnvme)")
    private Path runDir = Path.of("");

    @Option(
            names = "--ram",
            paramLabel = "NAME=SIZE|COUNTxSIZE",
            description =
                    "offer an embedded RAM drive, such as ram0=512M, or several: 4x512M for ram0 to ram3; its content ends with the daemon")
    private List<String> rams = new ArrayList<>();

    @Option(
            names = "--reactors",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "threads that serve I/O, each on a processor of its own (default: as many as there are --cpus; else one for each 4 processors, 1 to 8)")
    private int reactors;

    @Option(
            names = "--cpus",
            paramLabel = "LIST",
            defaultValue = "",
            description =
                    "processors of the reactors, such as 3 or 4-7,12 (default: the last ones this process may use)")
    private String cpus = "";

    @Option(
            names = "--rehearsal",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description =
                    "how long it works for a guest of its own before it serves, so that the first real one finds compiled code; gains little so far (default: none)")
    private double rehearsalSeconds;

    @Option(
            names = "--idle",
            paramLabel = "HOW",
            defaultValue = "adaptive",
            split = ",",
            description =
                    "what a reactor without work does: poll (never sleeps), adaptive (polls a little, then sleeps), interrupt (sleeps at once); several, such as poll,adaptive, for the first, the second, and all others (default: ${DEFAULT-VALUE})")
    private List<String> idle = new ArrayList<>();

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS:PORT",
            defaultValue = "",
            description =
                    "serve the API and the web UI over TLS as well, to those who have a token; a certificate is made the first time (default: on the Unix socket alone)")
    private String listen = "";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        List<RamOffer> offers = new ArrayList<>();
        for (String ram : rams) {
            try {
                offers.addAll(RamOffer.parse(ram));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--ram: " + e.getMessage(), e);
            }
        }
        Path state = stateDir.toAbsolutePath().normalize();
        Path run = runDir.toAbsolutePath().normalize();
        if (!(rehearsalSeconds >= 0 && rehearsalSeconds <= REHEARSAL_SECONDS_MAX)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--rehearsal %s: it is 0 to %.0f".formatted(rehearsalSeconds, REHEARSAL_SECONDS_MAX));
        }
        Duration rehearsal = Duration.ofMillis(Math.round(rehearsalSeconds * 1000));
        return DaemonProcess.run(Vnvme.VERSION, state, run, offers, settings(), listenAddress(), rehearsal);
    }

    private Optional<InetSocketAddress> listenAddress() {
        if (listen.isEmpty()) {
            return Optional.empty();
        }
        int colon = listen.lastIndexOf(':');
        try {
            int port = Integer.parseInt(listen.substring(colon + 1));
            String host = listen.substring(0, Math.max(0, colon));
            if (!host.isEmpty() && port >= 0 && port <= PORT_MAX) {
                return Optional.of(new InetSocketAddress(InetAddress.getByName(host), port));
            }
        } catch (NumberFormatException | UnknownHostException e) {
            throw new ParameterException(spec.commandLine(), LISTEN_USAGE.formatted(listen), e);
        }
        throw new ParameterException(spec.commandLine(), LISTEN_USAGE.formatted(listen));
    }

    private ReactorSettings settings() {
        List<IdlePolicy> policies;
        try {
            policies = idle.stream().map(IdlePolicy::of).toList();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--idle: " + e.getMessage(), e);
        }
        try {
            return new ReactorSettings(reactors, CpuList.parse(cpus), policies);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--reactors, --cpus: " + e.getMessage(), e);
        }
    }
}
