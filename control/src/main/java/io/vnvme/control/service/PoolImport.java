package io.vnvme.control.service;

import io.vnvme.control.model.FoundPool;
import io.vnvme.control.model.ImportPool;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DriveFacts;
import io.vnvme.control.plane.DriveLook;
import io.vnvme.control.plane.DriveSource;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.PoolPlan;
import io.vnvme.control.plane.RemoteAddress;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.ExportedPool;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Pools given away, and taken from drives that are there. */
public final class PoolImport {
    private static final Logger LOG = System.getLogger(PoolImport.class.getName());

    private final Registry registry;
    private final DataPlane dataPlane;
    private final OpenDrives drives;
    private final OpenPools pools;
    private final Volumes volumes;

    private final BiConsumer<String, OpenPool> whenImported;

    /** @param whenImported told of each pool that was imported, by its name */
    PoolImport(
            Registry registry,
            DataPlane dataPlane,
            OpenDrives drives,
            OpenPools pools,
            Volumes volumes,
            BiConsumer<String, OpenPool> whenImported) {
        this.whenImported = whenImported;
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.drives = drives;
        this.pools = pools;
        this.volumes = volumes;
    }

    /** A drive of a pool that is not in use. */
    private record Member(UUID id, int set, Optional<DriveLook> look) {}

    /** A pool that lies on drives of this host, by the newest of its superblocks. */
    private record Candidate(DriveLook.PoolIdentity pool, List<Member> members) {
        List<Member> missing() {
            return members.stream().filter(m -> m.look().isEmpty()).toList();
        }

        FoundPool info() {
            return new FoundPool(
                    pool.name(),
                    pool.id().toString(),
                    pool.layout(),
                    members.stream()
                            .flatMap(m -> m.look().stream())
                            .map(look -> look.source().path())
                            .toList(),
                    missing().stream().map(m -> m.id().toString()).toList());
        }
    }

    static DriveSource source(String path) {
        if (DriveSpec.isRemote(path)) {
            return DriveSource.remote(RemoteAddress.parse(path));
        }
        return path.startsWith("/dev/") && !path.startsWith("/dev/shm/")
                ? DriveSource.block(Path.of(path))
                : DriveSource.file(Path.of(path), 0);
    }

    /** Pools that could be imported. */
    public List<FoundPool> found(List<String> from) {
        return candidates(from).stream().map(Candidate::info).toList();
    }

    private List<Candidate> candidates(List<String> from) {
        List<String> places = new ArrayList<>(from);
        registry.state().exported().forEach(e -> places.addAll(e.paths()));
        Map<UUID, List<DriveLook>> byPool = new LinkedHashMap<>();
        Set<UUID> seen = new HashSet<>();
        for (DriveLook look : looks(places)) {
            look.superblock()
                    .filter(s ->
                            registry.state().driveById(s.drive().toString()).isEmpty() && seen.add(s.drive()))
                    .flatMap(DriveLook.Identity::pool)
                    .ifPresent(pool -> byPool.computeIfAbsent(pool.id(), _ -> new ArrayList<>())
                            .add(look));
        }
        return byPool.values().stream().map(PoolImport::candidate).toList();
    }

    private List<DriveLook> looks(List<String> places) {
        List<DriveLook> looks = new ArrayList<>(dataPlane.find(places.stream()
                .filter(place -> !DriveSpec.isRemote(place))
                .map(Path::of)
                .toList()));
        for (String place :
                places.stream().filter(DriveSpec::isRemote).distinct().toList()) {
            try {
                looks.add(dataPlane.look(source(place)));
            } catch (ProblemException e) {
                LOG.log(Level.INFO, "{0} is passed over: {1}", place, e.getMessage());
            }
        }
        return looks;
    }

    private static Candidate candidate(List<DriveLook> looks) {
        DriveLook.PoolIdentity newest = looks.stream()
                .flatMap(look -> look.superblock().stream())
                .max(Comparator.comparingLong(DriveLook.Identity::generation))
                .flatMap(DriveLook.Identity::pool)
                .orElseThrow();
        return new Candidate(
                newest,
                newest.members().stream()
                        .map(m -> new Member(
                                m.drive(),
                                m.set(),
                                looks.stream()
                                        .filter(l -> l.superblock()
                                                .filter(s -> s.drive().equals(m.drive()))
                                                .isPresent())
                                        .findFirst()))
                        .toList());
    }

    /** Takes a pool that is not in use, with everything in it. */
    public PoolRecord take(ImportPool request) {
        List<String> from = request.from() == null ? List.of() : request.from();
        return registry.exclusively(() -> {
            Candidate candidate = choose(candidates(from), request.pool());
            checkComplete(candidate, request.degraded());
            String name = candidate.pool().name();
            if (registry.state().pool(name).isPresent()) {
                throw new ProblemException(
                        ProblemCode.NAME_TAKEN,
                        "there is another pool %s here: export or destroy that one first".formatted(name));
            }
            try (Steps steps = new Steps("import pool " + name)) {
                PoolRecord record = steps.get(
                        "claim drives",
                        () -> claim(candidate),
                        () -> candidate.members().forEach(m -> letGo(m.id())));
                OpenPool pool = steps.get(
                        "read pool",
                        () -> HostFailure.shown(
                                "pool %s could not be imported".formatted(name),
                                () -> dataPlane.importPool(
                                        candidate.pool().id(), request.degraded(), pools.listener(name))),
                        () -> pools.closed(name).ifPresent(OpenPool::close));
                pools.opened(name, pool);
                steps.run("check names", () -> volumes.checkNames(name, pool));
                steps.run(
                        "save state",
                        () -> registry.update(
                                state -> state.withoutExported(record.uuid()).with(record)),
                        () -> registry.update(state -> state.withoutPool(name)));
                steps.run("serve", () -> volumes.poolOpened(name, pool));
                steps.done();
                whenImported.accept(name, pool);
                return record;
            }
        });
    }

    private static Candidate choose(List<Candidate> candidates, @Nullable String wanted) {
        String there = candidates.stream()
                .map(c -> "%s (%s)".formatted(c.pool().name(), c.pool().id()))
                .collect(Collectors.joining(", "));
        if (wanted == null || wanted.isBlank()) {
            throw new ProblemException(
                    ProblemCode.BAD_NAME,
                    "name the pool to import%s".formatted(there.isEmpty() ? "" : ": there are " + there));
        }
        List<Candidate> fitting = candidates.stream()
                .filter(c -> c.pool().name().equals(wanted)
                        || c.pool().id().toString().equals(wanted))
                .toList();
        if (fitting.size() == 1) {
            return fitting.getFirst();
        }
        throw new ProblemException(
                ProblemCode.UNKNOWN_POOL,
                fitting.isEmpty()
                        ? "no pool %s was found%s; name files, or their folder, with --from, and have no other daemon use them"
                                .formatted(wanted, there.isEmpty() ? "" : ": there are " + there)
                        : "there are several: %s; name one by its identity".formatted(there));
    }

    private static void checkComplete(Candidate candidate, boolean degraded) {
        List<Member> missing = candidate.missing();
        if (missing.isEmpty()) {
            return;
        }
        String which = missing.stream()
                .map(m -> "drive %s of set %d".formatted(m.id(), m.set()))
                .collect(Collectors.joining(", "));
        boolean mirror = candidate.pool().layout().equals(PoolPlan.MIRROR);
        boolean serves = mirror
                && candidate.members().stream()
                        .map(Member::set)
                        .distinct()
                        .allMatch(set -> candidate.members().stream()
                                .anyMatch(m -> m.set() == set && m.look().isPresent()));
        if (!serves) {
            throw new ProblemException(
                    ProblemCode.DRIVE_MISSING,
                    "pool %s lacks %s: connect it, or name its place with --from"
                            .formatted(candidate.pool().name(), which));
        }
        if (!degraded) {
            throw new ProblemException(
                    ProblemCode.DRIVE_MISSING,
                    "pool %s lacks %s: connect it, or import the mirror without it by --degraded"
                            .formatted(candidate.pool().name(), which));
        }
    }

    /** Opens the drives that are there, and notes them all as claimed. */
    private PoolRecord claim(Candidate candidate) {
        Map<Integer, List<String>> sets = new TreeMap<>();
        // One that is missing is looked for where the others are.
        Path folder = candidate.members().stream()
                .flatMap(m -> m.look().stream())
                .map(look -> Path.of(look.source().path()).resolveSibling("."))
                .findFirst()
                .orElse(Path.of("/"))
                .normalize();
        for (Member member : candidate.members()) {
            Optional<DriveLook> look = member.look();
            String wanted = look.flatMap(DriveLook::superblock)
                    .map(DriveLook.Identity::name)
                    .orElse("drive-" + member.id().toString().substring(0, 8));
            String name = Names.free(
                    Names.from(wanted), n -> registry.state().drive(n).isPresent());
            DriveFacts facts = look.map(l -> HostFailure.shown(
                            "%s could not be opened".formatted(l.source().path()),
                            () -> dataPlane.openDrive(l.source(), member.id())))
                    .orElse(new DriveFacts(folder.resolve(name).toString(), replicaBytes(candidate, member), 0));
            ClaimedDrive drive = new ClaimedDrive(
                    name,
                    member.id().toString(),
                    look.map(l -> l.source().kind()).orElse(DriveSource.FILE),
                    facts.path(),
                    facts.sizeBytes(),
                    Drives.now());
            registry.update(state -> state.with(drive));
            look.ifPresent(_ -> drives.opened(name, facts));
            sets.computeIfAbsent(member.set(), _ -> new ArrayList<>()).add(name);
        }
        return new PoolRecord(
                candidate.pool().name(),
                candidate.pool().id().toString(),
                candidate.pool().layout(),
                List.copyOf(sets.values()),
                List.of());
    }

    /** What a missing drive of a mirror has at least, as far as the others tell: until it is back. */
    private static long replicaBytes(Candidate candidate, Member missing) {
        return candidate.members().stream()
                .filter(m -> m.set() == missing.set())
                .flatMap(m -> m.look().stream())
                .mapToLong(DriveLook::sizeBytes)
                .min()
                .orElse(1);
    }

    private void letGo(UUID id) {
        registry.state().driveById(id.toString()).ifPresent(drive -> {
            registry.update(state -> state.withoutDrive(drive.name()));
            if (drives.isOpen(drive.name())) {
                dataPlane.closeDrive(id);
            }
            drives.closed(drive.name());
        });
    }

    /** Drops the note of a pool that was given away; its drives are not touched. */
    public FoundPool forget(String name) {
        return registry.exclusively(() -> {
            ExportedPool pool = registry.state().exported().stream()
                    .filter(p -> p.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new ProblemException(
                            ProblemCode.UNKNOWN_POOL,
                            "no exported pool %s: one that is here ends by 'vnvme pool export' or 'vnvme pool destroy'"
                                    .formatted(name)));
            registry.update(state -> state.withoutExported(pool.uuid()));
            return new FoundPool(name, pool.uuid(), pool.layout(), pool.paths(), List.of());
        });
    }

    /** Gives a pool away: closed cleanly, its drives let go; they keep all that is on them. */
    public FoundPool giveAway(String name) {
        return registry.exclusively(() -> {
            PoolRecord record = pools.record(name);
            OpenPool pool = pools.require(name);
            List<ClaimedDrive> members = record.drives().stream()
                    .flatMap(d -> registry.state().drive(d).stream())
                    .toList();
            if (members.stream().anyMatch(ClaimedDrive::inMemory)) {
                throw new ProblemException(
                        ProblemCode.POOL_REFUSED,
                        "pool %s is in RAM and cannot leave this daemon: export its volumes into files instead"
                                .formatted(name));
            }
            // Another host would take one that has moved here, and has not got its name, for a copy that nobody needs.
            MovedVolumes.name(registry.state(), name, pool);
            volumes.poolClosing(name);
            HostFailure.shown("pool %s could not be closed".formatted(name), pool::close);
            pools.closed(name);
            List<String> paths = members.stream().map(ClaimedDrive::path).toList();
            registry.update(state -> {
                State without = state.withoutPool(name);
                for (VnvmeRecord vnvme : state.vnvmesIn(name)) {
                    without = without.withoutVnvme(vnvme.name());
                }
                for (ClaimedDrive drive : members) {
                    without = without.withoutDrive(drive.name());
                }
                return without.with(new ExportedPool(name, record.uuid(), record.layout(), paths));
            });
            for (ClaimedDrive drive : members) {
                if (drives.isOpen(drive.name())) {
                    dataPlane.closeDrive(OpenDrives.id(drive));
                }
                drives.closed(drive.name());
            }
            return new FoundPool(name, record.uuid(), record.layout(), paths, List.of());
        });
    }
}
