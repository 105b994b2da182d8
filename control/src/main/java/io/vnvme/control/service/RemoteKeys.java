package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SetDriveKeys;
import io.vnvme.control.plane.TargetKeyring;
import io.vnvme.control.store.StateFileException;
import io.vnvme.control.store.TargetKeyFile;
import io.vnvme.control.store.TargetKeyRecord;
import io.vnvme.drive.nvmetcp.TargetKeys;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * By which keys this host and the targets of remote drives show each other who they are: of each subsystem, in memory and in the
 * file.
 */
final class RemoteKeys implements TargetKeyring {
    /** As they are written, and as they are used. */
    private record Held(TargetKeyRecord record, TargetKeys keys) {}

    private final TargetKeyFile file;
    private volatile Map<String, Held> known;
    private final Map<String, Held> trials = new ConcurrentHashMap<>();

    /** @throws StateFileException when what is known cannot be read */
    RemoteKeys(TargetKeyFile file) {
        this.file = file;
        this.known = held(file.load());
    }

    private static Map<String, Held> held(List<TargetKeyRecord> records) {
        Map<String, Held> all = new LinkedHashMap<>();
        records.forEach(record -> all.put(record.subsystem(), new Held(record, record.keys())));
        return all;
    }

    @Override
    public TargetKeys keys(String subsystemNqn) {
        Held trial = trials.get(subsystemNqn);
        Held held = trial == null ? known.get(subsystemNqn) : trial;
        return held == null ? TargetKeys.NONE : held.keys();
    }

    /** Which there are. */
    List<String> names(String subsystem) {
        Held held = known.get(subsystem);
        return held == null
                ? List.of()
                : HostKeys.names(
                        held.record().dhchap(),
                        held.record().controller(),
                        held.record().tls());
    }

    /** Keys that count until it is closed, and afterwards if they were kept. */
    final class Trial implements AutoCloseable {
        private final String subsystem;
        private final @Nullable Held before;
        private final @Nullable Held wanted;

        private Trial(String subsystem, @Nullable Held wanted) {
            this.subsystem = subsystem;
            this.before = known.get(subsystem);
            this.wanted = wanted;
            if (wanted != null) {
                trials.put(subsystem, wanted);
            }
        }

        void keep() {
            if (wanted != null) {
                put(subsystem, wanted);
            }
        }

        /** They were kept, and are not to be after all. */
        void revert() {
            if (wanted != null) {
                put(subsystem, before);
            }
        }

        @Override
        public void close() {
            if (wanted != null) {
                trials.remove(subsystem, wanted);
            }
        }
    }

    /**
     * Tries keys.
     *
     * @param wanted null: those that there are
     * @throws ProblemException when one of them is none
     */
    Trial trial(String subsystem, @Nullable SetDriveKeys wanted) {
        return new Trial(subsystem, wanted == null ? null : changed(subsystem, wanted));
    }

    /** Changes keys. @throws ProblemException when one of them is none */
    void set(String subsystem, SetDriveKeys wanted) {
        put(subsystem, changed(subsystem, wanted));
    }

    private Held changed(String subsystem, SetDriveKeys wanted) {
        Held held = known.get(subsystem);
        TargetKeyRecord old = held == null ? new TargetKeyRecord(subsystem, null, null, null) : held.record();
        TargetKeyRecord record = new TargetKeyRecord(
                subsystem,
                HostKeys.changed(old.dhchap(), wanted.dhchap()),
                HostKeys.changed(old.controller(), wanted.controller()),
                HostKeys.changed(old.tls(), wanted.tls()));
        try {
            return new Held(record, record.keys());
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, String.valueOf(e.getMessage()), e);
        }
    }

    private synchronized void put(String subsystem, @Nullable Held held) {
        Map<String, Held> next = new LinkedHashMap<>(known);
        next.remove(subsystem);
        if (held != null && !held.keys().equals(TargetKeys.NONE)) {
            next.put(subsystem, held);
        }
        save(next);
    }

    /** Forgets the keys of all others. */
    synchronized void keep(Predicate<String> subsystems) {
        Map<String, Held> next = new LinkedHashMap<>(known);
        if (next.keySet().removeIf(subsystems.negate())) {
            save(next);
        }
    }

    private void save(Map<String, Held> next) {
        try {
            file.save(next.values().stream().map(Held::record).toList());
        } catch (StateFileException e) {
            throw new ProblemException(ProblemCode.STATE_UNWRITABLE, String.valueOf(e.getMessage()), e);
        }
        known = next;
    }
}
