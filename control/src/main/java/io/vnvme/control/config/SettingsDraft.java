package io.vnvme.control.config;

import io.vnvme.control.log.LogFormat;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.service.RamOffer;
import io.vnvme.os.CpuList;
import io.vnvme.reactor.IdlePolicy;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Settings while they are gathered: the defaults, then what the file says, then what the options say. */
public final class SettingsDraft {
    private static final double REHEARSAL_SECONDS_MAX = 60;

    private Path stateDir = Path.of("/var/lib/vnvme");
    private Path runDir = Path.of("/run/vnvme");
    private List<RamOffer> offers = List.of();
    private int reactors;
    private List<Integer> cpus = List.of();
    private List<IdlePolicy> idle = List.of(IdlePolicy.ADAPTIVE);
    private Optional<InetSocketAddress> listen = Optional.empty();
    private List<TcpPort> tcp = List.of();
    private List<InetSocketAddress> referrals = List.of();
    private Duration rehearsal = Duration.ZERO;
    private String libvirt = "qemu:///system";
    private LogFormat logFormat = LogFormat.HUMAN;
    private Optional<URI> otlp = Optional.empty();

    /**
     * Says one of them; what was said of it before no longer counts.
     *
     * @param values one, or several where {@link Setting#isList}
     * @throws IllegalArgumentException with a line for the person who wrote it, without the name of the setting
     */
    public void set(Setting setting, List<String> values) {
        if (!setting.isList() && values.size() != 1) {
            throw new IllegalArgumentException("has one value, not " + values.size());
        }
        switch (setting) {
            case STATE -> stateDir = absolute(values.getFirst());
            case RUN -> runDir = absolute(values.getFirst());
            case RAM -> offers = offers(values);
            case REACTORS -> reactors = reactors(values.getFirst());
            case CPUS -> cpus = CpuList.parse(values.getFirst());
            case IDLE -> idle = idle(values);
            case LISTEN -> listen = listen(values.getFirst());
            case TCP -> tcp = values.stream().map(TcpPort::parse).toList();
            case TCP_REFERRAL ->
                referrals = values.stream().map(TcpPort::address).toList();
            case REHEARSAL -> rehearsal = rehearsal(values.getFirst());
            case LIBVIRT -> libvirt = libvirt(values.getFirst());
            case LOG_FORMAT -> logFormat = logFormat(values.getFirst());
            case OTLP -> otlp = otlp(values.getFirst());
        }
    }

    /** @throws IllegalArgumentException when they do not go together */
    public DaemonSettings settings() {
        return new DaemonSettings(
                stateDir,
                runDir,
                offers,
                new ReactorSettings(reactors, cpus, idle),
                listen,
                tcp,
                referrals,
                rehearsal,
                Optional.of(libvirt).filter(uri -> !uri.equals("none")),
                logFormat,
                otlp);
    }

    private static Path absolute(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("is empty: name a folder");
        }
        try {
            return Path.of(text).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'%s' is no path: %s".formatted(text, e.getReason()), e);
        }
    }

    private static List<RamOffer> offers(List<String> values) {
        List<RamOffer> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String value : values) {
            for (RamOffer offer : RamOffer.parse(value)) {
                if (!names.add(offer.name())) {
                    throw new IllegalArgumentException("'%s' is there twice".formatted(offer.name()));
                }
                all.add(offer);
            }
        }
        return all;
    }

    private static int reactors(String text) {
        try {
            int count = Integer.parseInt(text);
            if (count >= 0 && count <= ReactorSettings.REACTORS_MAX) {
                return count;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'%s' is no number: write 1 to %d".formatted(text, ReactorSettings.REACTORS_MAX), e);
        }
        throw new IllegalArgumentException(
                "%s reactors: write 1 to %d, or 0 for as many as suit".formatted(text, ReactorSettings.REACTORS_MAX));
    }

    private static List<IdlePolicy> idle(List<String> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("is empty: write poll, adaptive or interrupt");
        }
        return values.stream().map(IdlePolicy::of).toList();
    }

    private static Optional<InetSocketAddress> listen(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(TcpPort.address(text));
    }

    private static String libvirt(String uri) {
        if (uri.isBlank()) {
            throw new IllegalArgumentException("is empty: write a URI such as qemu:///system, or none");
        }
        return uri;
    }

    private static LogFormat logFormat(String text) {
        return LogFormat.of(text)
                .orElseThrow(() -> new IllegalArgumentException("'%s' is none: use human or json".formatted(text)));
    }

    private static Optional<URI> otlp(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String usage = "'%s' is no address of a collector, such as http://127.0.0.1:4318".formatted(text);
        try {
            URI uri = new URI(text);
            if (uri.getHost() != null && Set.of("http", "https").contains(String.valueOf(uri.getScheme()))) {
                return Optional.of(uri);
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(usage, e);
        }
        throw new IllegalArgumentException(usage);
    }

    private static Duration rehearsal(String text) {
        try {
            double seconds = Double.parseDouble(text);
            if (seconds >= 0 && seconds <= REHEARSAL_SECONDS_MAX) {
                return Duration.ofMillis(Math.round(seconds * 1000));
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'%s' is no number of seconds: write 0 to %.0f".formatted(text, REHEARSAL_SECONDS_MAX), e);
        }
        throw new IllegalArgumentException("%s: write 0 to %.0f seconds".formatted(text, REHEARSAL_SECONDS_MAX));
    }
}
