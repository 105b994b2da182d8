package io.vnvme.control.plane;

import io.vnvme.control.model.DiffRange;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.EngineDrive.OnReactor;
import io.vnvme.control.store.ScrubMark;
import io.vnvme.crypto.AesXts;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.migration.LiveCopy;
import io.vnvme.os.Mapping;
import io.vnvme.pool.Done;
import io.vnvme.pool.GuardedVolume;
import io.vnvme.pool.KeptChanges;
import io.vnvme.pool.MapMemory;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolDrives;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.PoolSpace;
import io.vnvme.pool.RangeSink;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Home;
import io.vnvme.volume.NullVolume;
import io.vnvme.volume.Volume;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A pool of the engine, towards the services: called on any thread, carried out by the reactor that it is at. */
final class EnginePool implements OpenPool {
    private final EngineDataPlane plane;
    private final Home home;
    private final UUID id;
    private final Pool pool;
    private final EnginePoolDrives members;

    /** What changed and is not durable yet is held under this and the pool's identity. */
    static final String HELD = "pool/";

    private Optional<Mapping> kept = Optional.empty();
    private boolean goesOn;

    private EnginePool(EngineDataPlane plane, Home home, UUID id, Pool pool, EnginePoolDrives members) {
        this.plane = plane;
        this.home = home;
        this.id = id;
        this.pool = pool;
        this.members = members;
    }

    /** Reads the pool on the calling thread, then gives it to the reactor. */
    static EnginePool open(
            EngineDataPlane plane, UUID id, Collection<EngineDrive> there, boolean degraded, PoolListener listener) {
        return PoolFormat.use(there, blocking -> {
            PoolScan scan = PoolScan.scan(id, List.copyOf(blocking.values()));
            if (!degraded && !scan.missing().isEmpty()) {
                throw new PoolException(
                        PoolException.Reason.DRIVE_MISSING,
                        "pool %s lacks drive %s"
                                .formatted(
                                        scan.config().name(),
                                        scan.missing().getFirst().drive()));
            }
            Optional<Mapping> kept = plane.handover().memory(HELD + id, KeptChanges.LAYOUT);
            try {
                KeptChanges changes =
                        kept.map(m -> new KeptChanges(m.segment())).orElse(null);
                PoolImage image = PoolLoader.load(scan, MapMemory.SYSTEM, changes);
                EnginePool pool = start(plane, scan, image, listener);
                pool.kept = kept;
                pool.goesOn = changes != null && changes.goesOn();
                return pool;
            } catch (RuntimeException e) {
                kept.ifPresent(Mapping::close);
                throw e;
            }
        });
    }

    private static EnginePool start(EngineDataPlane plane, PoolScan scan, PoolImage image, PoolListener listener) {
        EngineReactor place = plane.engineReactors().place(plane.nodeOf(scan.config()));
        try {
            return start(plane, new Home(place.reactor()), scan, image, listener);
        } catch (RuntimeException e) {
            plane.engineReactors().left(place);
            throw e;
        }
    }

    private static EnginePool start(
            EngineDataPlane plane, Home home, PoolScan scan, PoolImage image, PoolListener listener) {
        CompletableFuture<Boolean> opened = new CompletableFuture<>();
        EnginePoolListener told = new EnginePoolListener(scan.config().name(), listener);
        EnginePool result = home.call(() -> {
            Map<UUID, OnReactor> drives = new HashMap<>();
            AtomicReference<@Nullable Pool> itself = new AtomicReference<>();
            PoolDrives together = PoolDrives.of(
                    scan,
                    image,
                    drive -> {
                        OnReactor use = plane.drives()
                                .require(drive)
                                .onReactor(
                                        home,
                                        () -> plane.engineReactors().of(home).ring());
                        drives.put(drive, use);
                        return use.drive();
                    },
                    set -> told.mirror(slot -> EnginePoolDrives.replica(itself.get(), scan.config(), set, slot)));
            Pool pool = new Pool(image, together.sets(), together.members(), Clock.system(), told, done(opened));
            itself.set(pool);
            EnginePoolDrives members = new EnginePoolDrives(plane, home, pool, told, drives, together.mirrors());
            home.add(pool);
            home.add(members);
            return new EnginePool(plane, home, scan.config().pool(), pool, members);
        });
        join(opened);
        return result;
    }

    static Done done(CompletableFuture<Boolean> end) {
        return failure -> {
            if (failure == null) {
                end.complete(true);
            } else {
                end.completeExceptionally(failure);
            }
        };
    }

    static void join(CompletableFuture<Boolean> end) {
        EngineFailure.translated(end::join);
    }

    /** Has the reactor begin an operation, and waits until it is durable. */
    private void run(Consumer<Done> operation) {
        CompletableFuture<Boolean> end = new CompletableFuture<>();
        home.execute(() -> {
            try {
                operation.accept(done(end));
            } catch (RuntimeException e) {
                end.completeExceptionally(e);
            }
        });
        join(end);
    }

    private <T> T ask(Callable<T> question) {
        return EngineFailure.translated(() -> home.call(question));
    }

    /** A pool on null drives has its own data there, and gives its volumes' away. */
    private boolean keepsData() {
        return ask(() -> pool.config().members().stream()
                .flatMap(member -> plane.drives().find(member.drive()).stream())
                .allMatch(EngineDrive::keepsData));
    }

    Volume volume(String name) {
        Volume volume = ask(() -> GuardedVolume.of(pool, pool.operations().volume(name), null));
        return keepsData() ? volume : new NullVolume(volume);
    }

    /**
     * What encrypts a volume that is open, once more; nothing when it is not encrypted.
     *
     * @throws ProblemException when it is and is not open
     */
    Optional<AesXts> cipher(String name) {
        return ask(() -> {
            Optional<AesXts> cipher = GuardedVolume.cipherOf(pool.operations().volume(name));
            if (cipher.isEmpty()
                    && VolumeAttributes.parse(pool.operations().attributes(name))
                            .encrypted()) {
                throw new ProblemException(
                        ProblemCode.VNVME_UNAVAILABLE, "%s is encrypted and its key is not there".formatted(name));
            }
            return cipher;
        });
    }

    /** A volume that is to hold what another one holds. */
    Volume volume(String name, Optional<AesXts> cipher) {
        ask(() -> GuardedVolume.like(pool, pool.operations().volume(name), cipher));
        return volume(name);
    }

    /** On the reactor: has a copy look where there may be data, or what may differ from a snapshot. */
    void survey(Optional<String> since, String name, LiveCopy copy) {
        Done done = failure -> {
            if (failure == null) {
                copy.begin();
            } else {
                copy.fail("it cannot be told what is in %s: %s".formatted(name, failure.getMessage()));
            }
        };
        try {
            if (since.isPresent()) {
                pool.operations().diff(since.get(), name, copy::data, done);
            } else {
                pool.operations().data(name, copy::data, done);
            }
        } catch (PoolException e) {
            done.done(e);
        }
    }

    byte[] attributes(String name) {
        return ask(() -> pool.operations().attributes(name));
    }

    /** Where it is, with all that is shown of it. */
    Home home() {
        return home;
    }

    /** The node of its drives; nothing when that makes no difference. */
    OptionalInt node() {
        return plane.nodeOf(ask(pool::config));
    }

    /** How many of its drives are used by a ring. */
    int onRing() {
        return ask(members::onRing);
    }

    @Override
    public UUID id() {
        return id;
    }

    @Override
    public String name() {
        return pool.name();
    }

    @Override
    public PoolFacts facts() {
        return ask(() -> {
            PoolSpace space = pool.spaceNow();
            return new PoolFacts(
                    pool.config().layout().text(),
                    bytes(space.total()),
                    bytes(space.total() - space.pending() - Math.max(0, space.available())),
                    bytes(space.metadata()),
                    space.heldWrites(),
                    pool.holdMillis(),
                    members.facts(),
                    pool.stopReason());
        });
    }

    static long bytes(long clusters) {
        return clusters << Geometry.CLUSTER_SHIFT;
    }

    @Override
    public List<LayerFacts> layers() {
        List<LayerRecord> records = ask(() -> pool.operations().list());
        Map<Integer, String> names = records.stream().collect(Collectors.toMap(LayerRecord::id, LayerRecord::name));
        return records.stream()
                .map(r -> new LayerFacts(
                        r.name(),
                        r.uuid(),
                        Optional.ofNullable(names.get(r.parent())),
                        r.sizeBytes(),
                        r.blockSizeBytes(),
                        r.thick(),
                        r.checksums(),
                        Instant.ofEpochMilli(r.createdAtMillis()),
                        r.attributes(),
                        Optional.empty()))
                .toList();
    }

    @Override
    public Map<String, LayerUsage> usages(List<String> names) {
        return UsageSurvey.of(home, pool, names);
    }

    @Override
    public void create(VolumeSpec spec, @Nullable VolumeKey key) {
        run(done -> pool.operations()
                .create(
                        new io.vnvme.pool.VolumeSpec(
                                spec.name(),
                                spec.id(),
                                spec.sizeBytes(),
                                spec.blockSizeBytes(),
                                spec.thick(),
                                spec.checksum(),
                                spec.createdAt().toEpochMilli(),
                                spec.attributes()),
                        done));
        if (key != null) {
            unlock(spec.name(), key);
        }
    }

    @Override
    public void unlock(String volume, VolumeKey key) {
        ask(() -> GuardedVolume.of(pool, pool.operations().volume(volume), key));
    }

    @Override
    public void snapshot(String volume, String snapshot, UUID newId, Instant takenAt) {
        run(done -> pool.operations()
                .snapshot(volume, snapshot.substring(volume.length() + 1), newId, takenAt.toEpochMilli(), done));
    }

    @Override
    public void cloneOf(String source, String name, UUID newId, byte[] attributes) {
        run(done -> pool.operations().clone(source, name, newId, System.currentTimeMillis(), done));
        setAttributes(name, attributes);
    }

    @Override
    public void remove(String name) {
        run(done -> pool.operations().remove(name, done));
    }

    @Override
    public void rollback(String volume, String snapshot) {
        run(done -> pool.operations().rollback(volume, snapshot.substring(volume.length() + 1), done));
    }

    @Override
    public void rename(String volume, String newName) {
        run(done -> pool.operations().rename(volume, newName, done));
    }

    @Override
    public void resize(String volume, long sizeBytes, boolean shrink) {
        run(done -> pool.operations().resize(volume, sizeBytes, shrink, done));
    }

    @Override
    public void setAttributes(String volume, byte[] attributes) {
        run(done -> pool.operations().attributes(volume, _ -> attributes, done));
    }

    /** Whether an earlier process served it until its end, and nobody has had it since. */
    boolean goesOn() {
        return goesOn;
    }

    EngineHandover handover() {
        return plane.handover();
    }

    /** On the reactor: reservations that outlived a power loss; none: there are none. */
    byte[] reservations(String volume) {
        return VolumeAttributes.reservations(pool.operations().attributes(volume));
    }

    /** On the reactor, with the volume of that identity. */
    void keepReservations(UUID volume, byte[] image, Done done) {
        pool.operations().attributes(volume, was -> VolumeAttributes.withReservations(was, image), done);
    }

    /** The same, durable when it returns. */
    void keep(UUID volume, byte[] image) {
        run(done -> keepReservations(volume, image, done));
    }

    @Override
    public void holdWrites(long milliseconds) {
        run(done -> pool.operations().holdWrites(milliseconds, done));
    }

    @Override
    public List<DiffRange> diff(Optional<String> from, String to) {
        List<DiffRange> ranges = new CopyOnWriteArrayList<>();
        List<DiffRange> found = new ArrayList<>();
        RangeSink sink = (offset, length) -> found.add(new DiffRange(offset, length, "data"));
        run(done -> {
            Done copied = failure -> {
                ranges.addAll(found);
                done.done(failure);
            };
            if (from.isPresent()) {
                pool.operations().diff(from.get(), to, sink, copied);
            } else {
                pool.operations().data(to, sink, copied);
            }
        });
        return List.copyOf(ranges);
    }

    /** A clone of a snapshot through which that is read, for who removes it. @return its name */
    String reader(String snapshot) {
        String reader = "~read-" + UUID.randomUUID();
        run(done -> pool.operations().clone(snapshot, reader, UUID.randomUUID(), System.currentTimeMillis(), done));
        return reader;
    }

    @Override
    public VolumeMove copySnapshot(String snapshot, Optional<String> since, OpenPool target, String volume) {
        return EngineSnapshotCopy.begin(this, snapshot, since, (EnginePool) target, volume);
    }

    /** A snapshot is read through a clone that is there for that alone. */
    @Override
    public VolumeIo open(String name, @Nullable VolumeKey key) {
        if (name.indexOf('@') < 0) {
            return new EngineVolumeIo(home, volume(name), () -> {});
        }
        String reader = reader(name);
        if (key != null) {
            unlock(reader, key);
        }
        return new EngineVolumeIo(home, volume(reader), () -> remove(reader));
    }

    @Override
    public void grow(List<List<UUID>> sets) {
        members.grow(sets);
    }

    @Override
    public void shrink(UUID drive, Progress progress) {
        members.shrink(drive, progress);
    }

    @Override
    public void replace(UUID old, UUID replacement, Progress progress) {
        members.replace(old, replacement, progress);
    }

    @Override
    public void rejoin(UUID drive, Progress progress) {
        members.rejoin(drive, progress);
    }

    /** @param there a drive, maybe one of this pool, was gone and is open again; else it is gone */
    void driveIs(UUID drive, boolean there) {
        ask(() -> {
            members.driveIs(drive, there);
            return drive;
        });
    }

    @Override
    public Map<UUID, String> interrupted() {
        return ask(members::interrupted);
    }

    @Override
    public String scrub(Optional<ScrubMark> from, Progress progress, Consumer<ScrubMark> marks) {
        return ScrubText.of(EngineScrub.run(home, pool, from, progress, marks));
    }

    @Override
    public void close() {
        try {
            run(pool::close);
            // All is on the drives.
            plane.handover().dropMemory(HELD + id);
        } finally {
            home.call(() -> {
                home.remove(pool);
                pool.close();
                return true;
            });
            members.close();
            kept.ifPresent(Mapping::close);
            plane.closed(this);
        }
    }
}
