package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.plane.HostKeyring;
import io.vnvme.control.store.Demand;
import io.vnvme.control.store.HostDemand;
import io.vnvme.control.store.HostKeyFile;
import io.vnvme.control.store.HostKeyFile.Content;
import io.vnvme.control.store.HostKeyRecord;
import io.vnvme.control.store.StateFileException;
import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.fabrics.tls.TlsKey;
import io.vnvme.frontend.tcp.HostTerms;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** By which keys hosts show who they are, and which vNVMes demand that; in memory and in the file. */
final class HostKeys implements HostKeyring {
    private record Pair(String subsystem, String host) {}

    /** Keys of one host, as they are used. */
    private record Held(HostKeyRecord record, Optional<ChapTerms> chap, Optional<TlsKey> tls) {}

    /** All of it at a time. */
    private record Known(Content content, Map<String, Demand> demands, Map<Pair, Held> keys) {}

    private final HostKeyFile file;
    private final Map<Pair, Held> lent = new ConcurrentHashMap<>();
    private volatile Known known;

    /** @throws StateFileException when what is known cannot be read */
    HostKeys(HostKeyFile file) {
        this.file = file;
        this.known = known(file.load());
    }

    private static Known known(Content content) {
        Map<String, Demand> demands = new HashMap<>();
        content.demands()
                .forEach(d -> demands.put(d.subsystem(), Demand.of(d.demand()).orElseThrow()));
        Map<Pair, Held> keys = new HashMap<>();
        content.keys().forEach(k -> keys.put(new Pair(k.subsystem(), k.host()), new Held(k, k.terms(), k.tlsKey())));
        return new Known(content, demands, keys);
    }

    @Override
    public HostTerms terms(String subsystemNqn, String hostNqn) {
        Known now = known;
        Held only = lent.get(new Pair(subsystemNqn, hostNqn));
        if (only != null) {
            return new HostTerms(
                    only.chap().isPresent(), only.chap(), only.tls().isPresent(), only.tls());
        }
        Held held = now.keys().get(new Pair(subsystemNqn, hostNqn));
        Optional<ChapTerms> chap = held == null ? Optional.empty() : held.chap();
        Optional<TlsKey> tls = held == null ? Optional.empty() : held.tls();
        return switch (now.demands().getOrDefault(subsystemNqn, Demand.AUTO)) {
            case AUTO -> new HostTerms(chap.isPresent(), chap, tls.isPresent(), tls);
            case NONE -> new HostTerms(false, chap, false, tls);
            case DHCHAP -> new HostTerms(true, chap, false, tls);
            case TLS -> new HostTerms(false, chap, true, tls);
            case BOTH -> new HostTerms(true, chap, true, tls);
        };
    }

    /**
     * Lets a host show itself by keys that are not kept, whatever else is demanded, until this is closed.
     *
     * @throws ProblemException when one of them is none
     */
    Lent lend(String subsystem, String host, SetHostKeys keys) {
        Pair pair = new Pair(subsystem, host);
        HostKeyRecord record = new HostKeyRecord(
                subsystem, host, keys.dhchap(), keys.controller(), keys.hash(), keys.group(), keys.tls());
        Held held = new Held(record, record.terms(), record.tlsKey());
        lent.put(pair, held);
        return () -> lent.remove(pair, held);
    }

    /** Keys for a while. */
    interface Lent extends AutoCloseable {
        @Override
        void close();
    }

    /** Which keys there are for a host. */
    List<String> names(String subsystem, String host) {
        Held held = known.keys().get(new Pair(subsystem, host));
        return held == null
                ? List.of()
                : names(
                        held.record().dhchap(),
                        held.record().controller(),
                        held.record().tls());
    }

    /** What of this is there is called. */
    static List<String> names(@Nullable String dhchap, @Nullable String controller, @Nullable String tls) {
        List<String> names = new ArrayList<>();
        if (dhchap != null) {
            names.add("dhchap");
        }
        if (controller != null) {
            names.add("controller");
        }
        if (tls != null) {
            names.add("tls");
        }
        return names;
    }

    /** Changes the keys of a host. @throws ProblemException when one of them is none */
    synchronized void set(String subsystem, String host, SetHostKeys wanted) {
        Held held = known.keys().get(new Pair(subsystem, host));
        HostKeyRecord old =
                held == null ? new HostKeyRecord(subsystem, host, null, null, null, null, null) : held.record();
        HostKeyRecord changed = new HostKeyRecord(
                subsystem,
                host,
                changed(old.dhchap(), wanted.dhchap()),
                changed(old.controller(), wanted.controller()),
                changed(old.hash(), wanted.hash()),
                changed(old.group(), wanted.group()),
                changed(old.tls(), wanted.tls()));
        try {
            changed.terms();
            changed.tlsKey();
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, String.valueOf(e.getMessage()), e);
        }
        List<HostKeyRecord> keys =
                others(k -> k.subsystem().equals(subsystem) && k.host().equals(host));
        if (changed.dhchap() != null || changed.tls() != null) {
            keys.add(changed);
        }
        save(new Content(known.content().demands(), keys));
    }

    /** A key after a change: absent it stays, empty it goes. */
    static @Nullable String changed(@Nullable String old, @Nullable String wanted) {
        String after = wanted == null ? old : wanted.strip();
        return after == null || after.isEmpty() ? null : after;
    }

    private List<HostKeyRecord> others(Predicate<HostKeyRecord> which) {
        return new ArrayList<>(
                known.content().keys().stream().filter(which.negate()).toList());
    }

    /** Forgets what there is for a host. */
    synchronized void remove(String subsystem, String host) {
        if (known.keys().containsKey(new Pair(subsystem, host))) {
            save(new Content(
                    known.content().demands(),
                    others(k -> k.subsystem().equals(subsystem) && k.host().equals(host))));
        }
    }

    synchronized void demand(String subsystem, Demand demand) {
        List<HostDemand> demands = new ArrayList<>(known.content().demands().stream()
                .filter(d -> !d.subsystem().equals(subsystem))
                .toList());
        if (demand != Demand.AUTO) {
            demands.add(new HostDemand(subsystem, demand.toString()));
        }
        save(new Content(demands, known.content().keys()));
    }

    /** Forgets all of vNVMes that are not there any more. */
    synchronized void keep(Predicate<String> subsystems) {
        Content content = known.content();
        Content kept = new Content(
                content.demands().stream()
                        .filter(d -> subsystems.test(d.subsystem()))
                        .toList(),
                content.keys().stream()
                        .filter(k -> subsystems.test(k.subsystem()))
                        .toList());
        if (!kept.equals(content)) {
            save(kept);
        }
    }

    private void save(Content content) {
        Known next = known(content);
        try {
            file.save(content);
        } catch (StateFileException e) {
            throw new ProblemException(ProblemCode.STATE_UNWRITABLE, String.valueOf(e.getMessage()), e);
        }
        known = next;
    }
}
