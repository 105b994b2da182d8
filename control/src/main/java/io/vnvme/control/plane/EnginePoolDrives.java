package io.vnvme.control.plane;

import static java.util.Objects.requireNonNull;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.EngineDrive.OnReactor;
import io.vnvme.drive.Drive;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.drive.uring.UringDrive;
import io.vnvme.pool.Done;
import io.vnvme.pool.MirrorReplacement;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolDrives;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.mirror.MirrorImage;
import io.vnvme.pool.mirror.MirrorSet;
import io.vnvme.pool.mirror.ReplicaState;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Reactor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The drives of an open pool: which come, go and take each other's place while it is in use. Called on any thread. */
final class EnginePoolDrives implements Home.Resident {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    private final EngineDataPlane plane;
    private final Home home;
    private final Pool pool;
    private final EnginePoolListener listener;
    /** Of the reactor's thread alone. */
    private final Map<UUID, OnReactor> drives;

    private final Map<Integer, MirrorSet> mirrors;

    EnginePoolDrives(
            EngineDataPlane plane,
            Home home,
            Pool pool,
            EnginePoolListener listener,
            Map<UUID, OnReactor> drives,
            Map<Integer, MirrorSet> mirrors) {
        this.plane = plane;
        this.home = home;
        this.pool = pool;
        this.listener = listener;
        this.drives = drives;
        this.mirrors = new ConcurrentHashMap<>(mirrors);
    }

    /** Has the reactor begin an operation, and waits until it is durable. */
    private void run(Consumer<Done> operation) {
        CompletableFuture<Boolean> end = new CompletableFuture<>();
        home.execute(() -> {
            try {
                operation.accept(EnginePool.done(end));
            } catch (RuntimeException e) {
                end.completeExceptionally(e);
            }
        });
        EnginePool.join(end);
    }

    private <T> T ask(Callable<T> question) {
        return EngineFailure.translated(() -> home.call(question));
    }

    private DriveRing ring() {
        return plane.engineReactors().of(home).ring();
    }

    private Stream<UringDrive> devices() {
        return drives.values().stream().flatMap(use -> use.device().stream());
    }

    /** On the reactor: how many of its drives a ring has. */
    int onRing() {
        return (int) devices().count();
    }

    @Override
    public boolean settled() {
        return devices().allMatch(device -> device.pending() == 0);
    }

    @Override
    public void leave() {
        devices().forEach(UringDrive::leaveRing);
    }

    @Override
    public void enter(Reactor reactor) {
        RuntimeException failure = null;
        for (UringDrive device : devices().toList()) {
            try {
                device.enter(ring());
            } catch (RuntimeException e) {
                // It does not work any more, but the others do.
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** Who is in a slot of a mirror now; it may tell something before there is a pool. */
    static UUID replica(@Nullable Pool pool, PoolConfig found, int set, int slot) {
        PoolConfig config = pool == null ? found : pool.config();
        return config.membersOf(set).get(slot).drive();
    }

    /** What each drive is to the pool; on the reactor. */
    List<PoolFacts.Member> facts() {
        return pool.config().members().stream().map(this::fact).toList();
    }

    private PoolFacts.Member fact(MemberRecord record) {
        MirrorSet mirror = mirrors.get(record.set());
        String state = mirror == null
                ? "ok"
                : switch (mirror.state(record.replica())) {
                    case CURRENT -> "ok";
                    case REBUILDING -> "rebuilding";
                    case STALE -> "missing";
                };
        return new PoolFacts.Member(record.drive(), record.set(), state);
    }

    /** See {@link OpenPool#grow}. */
    void grow(List<List<UUID>> sets) {
        sets.forEach(set -> growBy(set.stream().map(plane.drives()::require).toList()));
    }

    private void growBy(List<EngineDrive> set) {
        try {
            if (set.size() == 1) {
                run(done -> {
                    List<Drive> uses = uses(set);
                    pool.grow(uses.getFirst(), members(set, uses), done);
                });
            } else {
                growByMirror(set);
            }
        } catch (RuntimeException e) {
            set.forEach(drive -> closeDrive(drive.id()));
            throw e;
        }
    }

    private void growByMirror(List<EngineDrive> set) {
        MirrorImage image = PoolFormat.use(
                set,
                blocking -> PoolFormatter.newMirror(set.stream()
                        .map(d -> new PoolFormatter.Labelled(requireNonNull(blocking.get(d.id())), d.id(), d.name()))
                        .toList()));
        run(done -> {
            int index = pool.config().sets().size();
            List<Drive> uses = uses(set);
            MirrorSet joining =
                    PoolDrives.joining(pool, image, uses, listener.mirror(slot -> member(index, slot, set)));
            mirrors.put(index, joining);
            pool.grow(joining, members(set, uses), failure -> {
                if (failure != null) {
                    mirrors.remove(index);
                }
                done.done(failure);
            });
        });
    }

    /** Who is in a slot of a mirror that joins: {@code first}, until it has joined and one was replaced. */
    private UUID member(int set, int slot, List<EngineDrive> first) {
        List<MemberRecord> members = pool.config().membersOf(set);
        return members.isEmpty() ? first.get(slot).id() : members.get(slot).drive();
    }

    private List<Drive> uses(List<EngineDrive> set) {
        List<Drive> uses = new ArrayList<>();
        for (EngineDrive drive : set) {
            OnReactor use = drive.onReactor(home, this::ring);
            drives.put(drive.id(), use);
            uses.add(use.drive());
        }
        return uses;
    }

    private List<PoolMember> members(List<EngineDrive> set, List<Drive> uses) {
        int index = pool.config().sets().size();
        List<PoolMember> members = new ArrayList<>();
        for (int replica = 0; replica < set.size(); replica++) {
            EngineDrive drive = set.get(replica);
            MemberRecord record = new MemberRecord(drive.id(), index, replica, MemberRecord.State.CURRENT);
            members.add(new PoolMember(record, drive.name(), uses.get(replica).sizeBytes(), uses.get(replica)));
        }
        return members;
    }

    /** Ends the use of all. */
    void close() {
        ask(() -> List.copyOf(drives.keySet())).forEach(this::closeDrive);
    }

    private void closeDrive(UUID drive) {
        home.call(() -> {
            OnReactor gone = drives.remove(drive);
            if (gone != null) {
                gone.close().run();
            }
            return true;
        });
    }

    /** See {@link OpenPool#shrink}. */
    void shrink(UUID drive, Progress progress) {
        int set = ask(() -> setOf(drive));
        List<UUID> leaving = ask(() ->
                pool.config().membersOf(set).stream().map(MemberRecord::drive).toList());
        run(done -> pool.shrink(
                set,
                (moved, total) -> {
                    progress.at(EnginePool.bytes(moved), EnginePool.bytes(total));
                    if (progress.cancelled()) {
                        pool.cancelShrink();
                    }
                },
                failure -> {
                    if (failure != null && progress.cancelled()) {
                        done.done(null);
                    } else {
                        done.done(failure);
                    }
                }));
        if (progress.cancelled()) {
            throw new CancellationException();
        }
        leaving.forEach(this::closeDrive);
    }

    private int setOf(UUID drive) {
        return pool.config().members().stream()
                .filter(m -> m.drive().equals(drive))
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.UNKNOWN_DRIVE, "pool %s has no drive %s".formatted(pool.name(), drive)))
                .set();
    }

    /** See {@link OpenPool#replace}. */
    void replace(UUID old, UUID replacement, Progress progress) {
        EngineDrive joining = plane.drives().require(replacement);
        int set = ask(() -> setOf(old));
        MirrorSet mirror = mirror(set);
        run(done -> {
            OnReactor use = joining.onReactor(home, this::ring);
            drives.put(replacement, use);
            MirrorReplacement.replace(pool, mirror, old, replacement, joining.name(), use.drive(), done);
        });
        closeDrive(old);
        awaitCurrent(mirror, replacement, progress);
    }

    private MirrorSet mirror(int set) {
        MirrorSet mirror = mirrors.get(set);
        if (mirror == null) {
            throw new ProblemException(ProblemCode.POOL_REFUSED, "pool %s is no mirror".formatted(pool.name()));
        }
        return mirror;
    }

    /** See {@link OpenPool#rejoin}. */
    void rejoin(UUID drive, Progress progress) {
        int set = ask(() -> setOf(drive));
        MirrorSet mirror = mirror(set);
        run(done -> {
            if (mirror.state(slotOf(drive)) != ReplicaState.STALE) {
                done.done(null);
                return;
            }
            EngineDrive returning = plane.drives().require(drive);
            OnReactor use = returning.onReactor(home, this::ring);
            MirrorReplacement.rejoin(pool, mirror, drive, returning.name(), use.drive(), done);
            OnReactor unused = mirror.state(slotOf(drive)) == ReplicaState.STALE ? use : drives.put(drive, use);
            if (unused != null) {
                unused.close().run();
            }
        });
        awaitCurrent(mirror, drive, progress);
    }

    /** On the reactor: a drive is gone, or works again; a mirror that lost it fills it by {@link #rejoin}. */
    void driveIs(UUID drive, boolean there) {
        OnReactor use = drives.get(drive);
        if (use != null) {
            use.device().ifPresent(there ? UringDrive::returned : UringDrive::vanished);
        }
    }

    private int slotOf(UUID drive) {
        return pool.config().members().stream()
                .filter(m -> m.drive().equals(drive))
                .findFirst()
                .orElseThrow()
                .replica();
    }

    /** Looks now and then how much the drive lacks: the mirror fills it by itself. */
    private void awaitCurrent(MirrorSet mirror, UUID drive, Progress progress) {
        long total = 0;
        while (true) {
            ReplicaState state = ask(() -> mirror.state(slotOf(drive)));
            if (state == ReplicaState.CURRENT) {
                return;
            }
            if (state == ReplicaState.STALE) {
                throw new ProblemException(
                        ProblemCode.POOL_UNAVAILABLE, "the drive fell out of its mirror while it was filled");
            }
            long lacking = ask(() -> mirror.maintenance().lackingBytes(slotOf(drive)));
            total = Math.max(total, lacking);
            progress.at(total - lacking, total);
            try {
                Thread.sleep(LOOK_AGAIN);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException();
            }
        }
    }

    /** See {@link OpenPool#interrupted}; on the reactor. */
    Map<UUID, String> interrupted() {
        Map<UUID, String> work = new HashMap<>();
        for (MemberRecord member : pool.config().members()) {
            MirrorSet mirror = mirrors.get(member.set());
            if (pool.config().sets().get(member.set()).draining()) {
                work.put(member.drive(), "shrink");
            } else if (mirror != null
                    && drives.containsKey(member.drive())
                    && mirror.state(member.replica()) != ReplicaState.CURRENT) {
                work.put(member.drive(), "rebuild");
            }
        }
        return work;
    }
}
