package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.drive.nvmetcp.Portal;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How a remote drive is written: {@code nvme-tcp://HOST[:PORT][,HOST[:PORT]...]/NQN[?OPTION=VALUE[&...]]}.
 *
 * @param places where its controllers are
 */
public record RemoteAddress(List<Place> places, String nqn, int nsid, RemoteOptions options) {
    public static final String SCHEME = "nvme-tcp://";

    private static final int NQN_MAX = 223;
    private static final Duration KEEP_ALIVE_MIN = Duration.ofMillis(500);
    private static final Duration KEEP_ALIVE_MAX = Duration.ofMinutes(1);
    private static final Duration LOSS_TIME_MAX = Duration.ofHours(24);
    private static final Duration COMMAND_TIMEOUT_MIN = Duration.ofSeconds(1);
    private static final Duration COMMAND_TIMEOUT_MAX = Duration.ofHours(1);

    /** @param host a name or an address, as it was written but for brackets */
    public record Place(String host, int port) {
        /**
         * @param portWithout what it is when none is written
         * @throws ProblemException when it makes no sense
         */
        public static Place parse(String text, int portWithout) {
            int bracket = text.indexOf(']');
            boolean bracketed = text.startsWith("[") && bracket > 0;
            int colon = bracketed ? text.indexOf(':', bracket) : text.lastIndexOf(':');
            // Without brackets, more than one colon is an IPv6 address and no port.
            boolean port = colon >= 0 && (bracketed || text.indexOf(':') == colon);
            String host = bracketed ? text.substring(1, bracket) : port ? text.substring(0, colon) : text;
            boolean clean =
                    !host.isEmpty() && host.chars().allMatch(c -> c > ' ' && c < 0x7f && "/,[]?".indexOf(c) < 0);
            if (!clean || bracketed && !port && bracket != text.length() - 1) {
                throw bad("'%s' is no HOST or HOST:PORT".formatted(text));
            }
            return new Place(host, port ? portNumber(text.substring(colon + 1)) : portWithout);
        }

        private static int portNumber(String text) {
            if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > 65535) {
                throw bad("'%s' is no port: 1 to 65535".formatted(text));
            }
            return Integer.parseInt(text);
        }

        public String text() {
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
        }

        Portal resolve() {
            return Portal.resolve(host, port);
        }
    }

    /** @throws ProblemException when it makes no sense */
    public static RemoteAddress parse(String text) {
        String rest = text.startsWith(SCHEME) ? text.substring(SCHEME.length()) : text;
        int slash = rest.indexOf('/');
        if (!text.startsWith(SCHEME) || slash < 1) {
            throw bad("'%s': a remote drive is written nvme-tcp://HOST[:PORT][,HOST[:PORT]...]/NQN".formatted(text));
        }
        List<Place> places = new ArrayList<>();
        for (String place : rest.substring(0, slash).split(",", -1)) {
            places.add(Place.parse(place, Portal.PORT));
        }
        if (places.size() > RemoteNamespace.PORTALS_MAX
                || places.stream().distinct().count() < places.size()) {
            throw bad("'%s': 1 to %d paths, each once".formatted(text, RemoteNamespace.PORTALS_MAX));
        }
        int question = rest.indexOf('?', slash);
        String nqn = rest.substring(slash + 1, question < 0 ? rest.length() : question);
        if (!nqn.startsWith("nqn.") || nqn.length() > NQN_MAX || !nqn.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw bad("'%s' is no NVMe Qualified Name of a subsystem: nqn.2014-08.org.nvmexpress:...".formatted(nqn));
        }
        RemoteAddress plain = new RemoteAddress(List.copyOf(places), nqn, 1, RemoteOptions.usual());
        return question < 0 ? plain : plain.withOptions(rest.substring(question + 1));
    }

    private RemoteAddress withOptions(String text) {
        RemoteAddress address = this;
        for (String option : text.split("&", -1)) {
            int equals = option.indexOf('=');
            address = address.withOption(option.substring(0, Math.max(0, equals)), option.substring(equals + 1));
        }
        return address;
    }

    private RemoteAddress withOption(String name, String value) {
        return switch (name) {
            case "nsid" -> new RemoteAddress(places, nqn, nsid(value), options);
            case "loss-time" -> with(options.lossTime(time(name, value, Duration.ZERO, LOSS_TIME_MAX)));
            case "keep-alive" -> with(options.keepAlive(time(name, value, KEEP_ALIVE_MIN, KEEP_ALIVE_MAX)));
            case "io-timeout" ->
                with(options.commandTimeout(time(name, value, COMMAND_TIMEOUT_MIN, COMMAND_TIMEOUT_MAX)));
            case "tls" -> with(options.tls(choice(name, value, "1", "0")));
            case "policy" -> with(options.roundRobin(choice(name, value, "round-robin", "failover")));
            case "digests" -> {
                List<String> which = List.of(value.split(",", -1));
                which.forEach(d -> choice(name, d, "header", "data"));
                yield with(options.digests(which.contains("header"), which.contains("data")));
            }
            default ->
                throw bad(
                        "'%s' is no option of a remote drive: nsid, loss-time, keep-alive, io-timeout, policy, digests, tls"
                                .formatted(name));
        };
    }

    private RemoteAddress with(RemoteOptions changed) {
        return new RemoteAddress(places, nqn, nsid, changed);
    }

    /** The same, by TLS. */
    public RemoteAddress encrypted() {
        return with(options.tls(true));
    }

    private static int nsid(String value) {
        if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) < 1) {
            throw bad("'%s' is no namespace identifier: 1, 2, ...".formatted(value));
        }
        return Integer.parseInt(value);
    }

    private static boolean choice(String name, String value, String one, String other) {
        if (!value.equals(one) && !value.equals(other)) {
            throw bad("%s=%s: it is %s or %s".formatted(name, value, one, other));
        }
        return value.equals(one);
    }

    private static Duration time(String name, String value, Duration least, Duration most) {
        if (!value.matches("[0-9]{1,9}(ms|s|m|h)")) {
            throw bad("%s=%s: a time is written 500ms, 25s, 2m, 1h".formatted(name, value));
        }
        String unit = value.replaceFirst("[0-9]+", "");
        long number = Long.parseLong(value.substring(0, value.length() - unit.length()));
        Duration time = switch (unit) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
        if (time.compareTo(least) < 0 || time.compareTo(most) > 0) {
            throw bad("%s=%s: %s to %s".formatted(name, value, words(least), words(most)));
        }
        return time;
    }

    private static ProblemException bad(String why) {
        return new ProblemException(ProblemCode.BAD_REQUEST, why);
    }

    /** A time as it is written in an address. */
    public static String words(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
    }

    /** As it is written, without what is so anyway. */
    public String text() {
        RemoteOptions usual = RemoteOptions.usual();
        List<String> differing = new ArrayList<>();
        if (nsid != 1) {
            differing.add("nsid=" + nsid);
        }
        if (!options.lossTime().equals(usual.lossTime())) {
            differing.add("loss-time=" + words(options.lossTime()));
        }
        if (!options.keepAlive().equals(usual.keepAlive())) {
            differing.add("keep-alive=" + words(options.keepAlive()));
        }
        if (!options.commandTimeout().equals(usual.commandTimeout())) {
            differing.add("io-timeout=" + words(options.commandTimeout()));
        }
        if (!options.roundRobin()) {
            differing.add("policy=failover");
        }
        if (options.headerDigests() || options.dataDigests()) {
            differing.add("digests="
                    + (options.headerDigests() && options.dataDigests()
                            ? "header,data"
                            : options.headerDigests() ? "header" : "data"));
        }
        if (options.tls()) {
            differing.add("tls=1");
        }
        return SCHEME
                + places.stream().map(Place::text).collect(Collectors.joining(","))
                + "/"
                + nqn
                + (differing.isEmpty() ? "" : "?" + String.join("&", differing));
    }

    /** Asks the resolver for names: blocks. @throws io.vnvme.drive.nvmetcp.RemoteException when one is not known */
    RemoteNamespace resolve(RemoteHost host) {
        return new RemoteNamespace(
                nqn, nsid, places.stream().map(Place::resolve).toList(), host.identity(), options, host.trust(nqn));
    }
}
