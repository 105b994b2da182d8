package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.RemotePathInfo;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DriveFacts;
import io.vnvme.control.plane.DriveLook;
import io.vnvme.control.plane.DriveSource;
import io.vnvme.control.plane.RemoteFacts;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.State;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Which claimed drives are open, and why the others are not. */
final class OpenDrives {
    private static final Logger LOG = System.getLogger(OpenDrives.class.getName());

    private final Registry registry;
    private final DataPlane dataPlane;
    private final EventLog events;
    private final Map<String, String> failures = new ConcurrentHashMap<>();
    private final Map<String, DriveFacts> open = new ConcurrentHashMap<>();
    /** What the engine last said about open drives that do not work, by name. */
    private final Map<String, String> troubles = new ConcurrentHashMap<>();
    /** Paths to remote drives that were said to be lost, by name. */
    private final Map<String, Set<String>> lostPaths = new ConcurrentHashMap<>();

    OpenDrives(Registry registry, DataPlane dataPlane, EventLog events) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.events = events;
    }

    static UUID id(ClaimedDrive drive) {
        return UUID.fromString(drive.uuid());
    }

    UUID id(String name) {
        return registry.state()
                .drive(name)
                .map(OpenDrives::id)
                .orElseThrow(() -> new IllegalStateException("no drive " + name));
    }

    boolean isOpen(String name) {
        return open.containsKey(name);
    }

    /** Why a drive cannot be used; nothing when it can. */
    Optional<String> failure(String name) {
        return Optional.ofNullable(failures.get(name)).or(() -> Optional.ofNullable(troubles.get(name)));
    }

    boolean missing(String name) {
        return failures.containsKey(name);
    }

    int blockSizeBytes(String name) {
        DriveFacts facts = open.get(name);
        return facts == null ? 0 : facts.blockSizeBytes();
    }

    void opened(String name, DriveFacts facts) {
        open.put(name, facts);
        failures.remove(name);
    }

    void closed(String name) {
        open.remove(name);
        failures.remove(name);
        troubles.remove(name);
        lostPaths.remove(name);
    }

    void failed(String name, String why) {
        failures.put(name, why);
    }

    /**
     * Tries to open every claimed drive that is not open: where it was last, then wherever its identity is found.
     *
     * @return names of those that are open now and were not
     */
    List<String> openMissing() {
        List<String> opened = new ArrayList<>();
        List<ClaimedDrive> missing = new ArrayList<>();
        for (ClaimedDrive drive : registry.state().drives()) {
            if (isOpen(drive.name())) {
                continue;
            }
            if (openAt(drive, new DriveSource(drive.kind(), drive.path(), 0))) {
                opened.add(drive.name());
            } else if (!drive.inMemory()) {
                missing.add(drive);
            }
        }
        if (!missing.isEmpty()) {
            opened.addAll(openElsewhere(missing));
        }
        return opened;
    }

    private boolean openAt(ClaimedDrive drive, DriveSource source) {
        try {
            DriveFacts facts = drive.inMemory()
                    ? dataPlane.claim(
                            new DriveSource(drive.kind(), "", drive.sizeBytes()), id(drive), drive.name(), false)
                    : dataPlane.openDrive(source, id(drive));
            if (!facts.path().equals(drive.path()) || facts.sizeBytes() != drive.sizeBytes()) {
                registry.update(state -> state.with(drive.at(facts.path(), facts.sizeBytes())));
            }
            if (!drive.inMemory() && !facts.path().equals(drive.path())) {
                events.add(
                        EventKind.DRIVE_MOVED,
                        drive.name(),
                        "drive %s was found at %s, not at %s".formatted(drive.name(), facts.path(), drive.path()));
            }
            opened(drive.name(), facts);
            return true;
        } catch (RuntimeException e) {
            String why = "drive %s is missing: %s".formatted(drive.name(), e.getMessage());
            if (!why.equals(failures.put(drive.name(), why))) {
                LOG.log(Level.WARNING, why);
            }
            return false;
        }
    }

    private List<String> openElsewhere(List<ClaimedDrive> missing) {
        List<Path> folders = missing.stream()
                .filter(d -> d.kind().equals(DriveSource.FILE))
                .flatMap(d -> Optional.ofNullable(Path.of(d.path()).getParent()).stream())
                .distinct()
                .toList();
        List<String> opened = new ArrayList<>();
        List<DriveLook> found = dataPlane.find(folders);
        for (ClaimedDrive drive : missing) {
            found.stream()
                    .filter(look -> look.superblock()
                            .filter(s -> s.drive().equals(id(drive)))
                            .isPresent())
                    .findFirst()
                    .filter(look -> openAt(drive, look.source()))
                    .ifPresent(_ -> opened.add(drive.name()));
        }
        return opened;
    }

    /**
     * Asks the engine about every open drive, and notes what changed.
     *
     * @return names of those that were gone and are back
     */
    List<String> look() {
        List<String> back = new ArrayList<>();
        for (String name : List.copyOf(open.keySet())) {
            Optional<ClaimedDrive> drive = registry.state().drive(name);
            Optional<String> failure = drive.flatMap(d -> dataPlane.driveFailure(id(d)));
            drive.ifPresent(this::lookAtPaths);
            if (failure.isPresent() && drive.filter(this::returned).isPresent()) {
                back.add(name);
                failure = Optional.empty();
            }
            String before = troubles.get(name);
            if (failure.isPresent() && before == null) {
                troubles.put(name, failure.get());
                events.add(EventKind.DRIVE_GONE, name, "drive %s: %s".formatted(name, failure.get()));
            } else if (failure.isEmpty() && before != null) {
                troubles.remove(name);
                events.add(EventKind.DRIVE_BACK, name, "drive %s works again".formatted(name));
            }
        }
        return back;
    }

    /** Tells of each path to a remote drive that is lost, or back. */
    private void lookAtPaths(ClaimedDrive drive) {
        Optional<RemoteFacts> remote = dataPlane.remote(id(drive));
        Set<String> before = lostPaths.getOrDefault(drive.name(), Set.of());
        Set<String> lost = new HashSet<>();
        for (RemotePathInfo path : remote.map(RemoteFacts::paths).orElse(List.of())) {
            if (path.state().equals("lost")) {
                lost.add(path.address());
                if (!before.contains(path.address())) {
                    events.add(
                            EventKind.DRIVE_PATH_LOST,
                            drive.name(),
                            "drive %s: the path by %s is lost: %s"
                                    .formatted(drive.name(), path.address(), path.trouble()));
                }
            } else if (before.contains(path.address()) && path.state().equals("live")) {
                events.add(
                        EventKind.DRIVE_PATH_BACK,
                        drive.name(),
                        "drive %s is reached by %s again".formatted(drive.name(), path.address()));
            } else if (before.contains(path.address())) {
                lost.add(path.address());
            }
        }
        lostPaths.put(drive.name(), lost);
    }

    private boolean returned(ClaimedDrive drive) {
        Optional<DriveFacts> facts = Optional.empty();
        try {
            facts = dataPlane.driveReturned(id(drive));
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "drive %s is back and cannot be used".formatted(drive.name()), e);
        }
        facts.ifPresent(f -> {
            opened(drive.name(), f);
            registry.update(state -> state.with(drive.at(f.path(), f.sizeBytes())));
        });
        return facts.isPresent();
    }

    /** @throws ProblemException when a drive is not there to be put into a pool */
    void requireFree(String drive) {
        State state = registry.state();
        if (state.drive(drive).isEmpty()) {
            throw new ProblemException(
                    ProblemCode.DRIVE_NOT_CLAIMED,
                    "no claimed drive %s: take control of it first ('vnvme drive claim %1$s')".formatted(drive));
        }
        state.poolOf(drive).ifPresent(pool -> {
            throw new ProblemException(
                    ProblemCode.DRIVE_IN_USE, "drive %s belongs to pool %s".formatted(drive, pool.name()));
        });
        failure(drive).ifPresent(failure -> {
            throw new ProblemException(ProblemCode.DRIVE_MISSING, failure);
        });
    }
}
