package io.vnvme.control.service;

import io.vnvme.control.auth.Certificate;
import io.vnvme.control.model.AddPeer;
import io.vnvme.control.model.PeerInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SessionInfo;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.peer.PeerClient;
import io.vnvme.control.plane.RemoteAddress.Place;
import io.vnvme.control.store.PeerFile;
import io.vnvme.control.store.PeerRecord;
import io.vnvme.control.store.StateFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which other daemons this one knows, in memory and in the file; how they are is asked whenever somebody looks. */
public final class Peers implements AutoCloseable {
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]{8,200}");
    private static final Pattern FINGERPRINT = Pattern.compile("[0-9A-F]{64}");
    private static final Pattern PAIR = Pattern.compile("(..)(?=.)");
    private static final int COUNT_MAX = 64;
    /** Whoever looks does not wait longer for one that is not there. */
    private static final Duration LOOK_LIMIT = Duration.ofSeconds(2);

    private static final Duration ADD_LIMIT = Duration.ofSeconds(10);

    private final PeerFile file;
    private final Supplier<SystemInfo> here;
    private volatile List<PeerRecord> peers;
    private final Map<String, PeerClient> clients = new HashMap<>();

    /**
     * @param here this daemon
     * @throws StateFileException when what is known cannot be read
     */
    Peers(PeerFile file, Supplier<SystemInfo> here) {
        this.file = file;
        this.here = here;
        this.peers = file.load();
    }

    /**
     * To ask it; good until the peer is removed.
     *
     * @throws ProblemException {@link ProblemCode#UNKNOWN_PEER} when there is none of that name
     */
    public synchronized PeerClient client(String name) {
        PeerRecord peer = record(name);
        return clients.computeIfAbsent(name, _ -> new PeerClient(peer));
    }

    /** Whether there is one of that name. */
    boolean known(String name) {
        return peers.stream().anyMatch(p -> p.name().equals(name));
    }

    private PeerRecord record(String name) {
        return peers.stream()
                .filter(p -> p.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.UNKNOWN_PEER, "no peer %s: see 'vnvme peer ls'".formatted(name)));
    }

    /** All, in the order of names; each is asked, at the same time. */
    public List<PeerInfo> list() {
        List<PeerRecord> all =
                peers.stream().sorted(Comparator.comparing(PeerRecord::name)).toList();
        try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<PeerInfo>> looks =
                    all.stream().map(peer -> each.submit(() -> look(peer))).toList();
            return looks.stream().map(Peers::result).toList();
        }
    }

    private static PeerInfo result(Future<PeerInfo> look) {
        try {
            return look.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ProblemCode.INTERNAL, "interrupted while peers were asked", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** One, which is asked. */
    public PeerInfo show(String name) {
        return look(record(name));
    }

    private PeerInfo look(PeerRecord peer) {
        try {
            return look(peer, client(peer.name()), LOOK_LIMIT);
        } catch (ProblemException e) {
            return info(peer, state(e.code()), null, e.detail());
        }
    }

    private static String state(ProblemCode code) {
        return switch (code) {
            case PEER_REFUSED -> "refused";
            case PEER_UNTRUSTED -> "untrusted";
            default -> "unreachable";
        };
    }

    private static PeerInfo info(PeerRecord peer, String state, @Nullable String version, String detail) {
        return new PeerInfo(peer.name(), peer.address(), peer.fingerprint(), state, version, detail);
    }

    /** @throws ProblemException when it does not answer, or does not let this daemon do what peers do for each other */
    private static PeerInfo look(PeerRecord peer, PeerClient client, Duration limit) {
        long begunNs = System.nanoTime();
        SessionInfo session = client.withLimit(limit).get("/api/v1/session", SessionInfo.class);
        Role role = Role.of(String.valueOf(session.role())).orElse(Role.VIEWER);
        if (!role.covers(Role.OPERATOR)) {
            throw new ProblemException(
                    ProblemCode.PEER_REFUSED,
                    "%s: its token %s is a viewer's: make one there with 'vnvme token create NAME --role operator'"
                            .formatted(peer.name(), session.name()));
        }
        Duration left = limit.minusNanos(System.nanoTime() - begunNs);
        SystemInfo system = client.withLimit(left.isPositive() ? left : Duration.ofMillis(1))
                .get("/api/v1/system", SystemInfo.class);
        return info(
                peer,
                "reachable",
                system.version(),
                "this daemon is %s there, %s".formatted(session.name(), role.text()));
    }

    /**
     * Makes one known, after it has been asked.
     *
     * @throws ProblemException when it does not answer, shows another certificate than was said, or does not let this daemon
     *     in; nothing is kept then
     */
    public PeerInfo add(AddPeer request) {
        String name = Names.checked(request.name());
        String address = Place.parse(request.address() == null ? "" : request.address(), PeerClient.PORT)
                .text();
        String token = request.token() == null ? "" : request.token().strip();
        if (!TOKEN.matcher(token).matches()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "this is no token: give the line that 'vnvme token create' said there");
        }
        checkFree(name);
        String fingerprint = request.fingerprint() == null
                ? PeerClient.fingerprintAt(name, address, ADD_LIMIT)
                : checkedFingerprint(request.fingerprint());
        PeerRecord peer = new PeerRecord(name, address, fingerprint, token);
        PeerClient client = new PeerClient(peer);
        PeerInfo found;
        try {
            checkOther(peer, client);
            found = look(peer, client, ADD_LIMIT);
        } finally {
            client.end();
        }
        synchronized (this) {
            checkFree(name);
            List<PeerRecord> all = new ArrayList<>(peers);
            all.add(peer);
            save(all);
        }
        return found;
    }

    private static String checkedFingerprint(String text) {
        String plain = Certificate.plain(text);
        if (!FINGERPRINT.matcher(plain).matches()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "this is no fingerprint of a certificate: it is 32 pairs of hexadecimal digits, as 'vnvme status' says there");
        }
        return PAIR.matcher(plain).replaceAll("$1:");
    }

    private void checkFree(String name) {
        if (peers.stream().anyMatch(p -> p.name().equals(name))) {
            throw new ProblemException(
                    ProblemCode.NAME_TAKEN,
                    "there is a peer %s already: remove it, or choose another name".formatted(name));
        }
        if (peers.size() >= COUNT_MAX) {
            throw new ProblemException(ProblemCode.NO_SPACE, "there are %d peers: remove some".formatted(COUNT_MAX));
        }
    }

    /** Two hosts may show the same certificate, and have the same folders; but not all of this. */
    private void checkOther(PeerRecord peer, PeerClient client) {
        SystemInfo there = client.get("/api/v1/system", SystemInfo.class);
        SystemInfo own = here.get();
        if (there.pid() == own.pid()
                && there.startMillis() == own.startMillis()
                && String.valueOf(there.stateDir()).equals(own.stateDir())
                && peer.fingerprint().equals(own.fingerprint())) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "%s: that is this daemon: a peer is another one".formatted(peer.address()));
        }
    }

    /** Forgets one, and its token; the token is good there until it is removed there. @return what was known of it */
    public synchronized PeerInfo remove(String name) {
        PeerRecord peer = record(name);
        save(peers.stream().filter(p -> !p.equals(peer)).toList());
        PeerClient client = clients.remove(name);
        if (client != null) {
            client.end();
        }
        return info(peer, "removed", null, "its token is good there until it is removed there");
    }

    private void save(List<PeerRecord> all) {
        try {
            file.save(all);
        } catch (StateFileException e) {
            throw new ProblemException(ProblemCode.STATE_UNWRITABLE, String.valueOf(e.getMessage()), e);
        }
        peers = List.copyOf(all);
    }

    @Override
    public synchronized void close() {
        clients.values().forEach(PeerClient::end);
    }
}
