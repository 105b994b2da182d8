package io.vnvme.testkit.powercut;

import io.vnvme.drive.Drive;
import io.vnvme.pool.MirrorReplacement;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolDrives;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.mirror.MirrorSet;
import io.vnvme.pool.mirror.ReplicaState;
import io.vnvme.testkit.powercut.PoolStore.Membership;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.Survival;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What happens to the drives of a running pool: they join and leave, die, come back, are exchanged, lose sectors. Never so
 * much at once that something would be lost with good reason: each mirror keeps a drive that has all data.
 */
final class DriveWork {
    private final PoolStore kind;
    private final Pool pool;
    private final Uses uses;
    private final Map<Integer, MirrorSet> mirrors;
    /** A drive is joining or leaving, or takes another's place. */
    private boolean reshaping;

    /** A drive is taking another's place. */
    private boolean exchanging;

    /** Some sectors of a replica cannot be read. */
    private boolean lost;
    /** Scrubs that are to follow. */
    private int again;

    private boolean closing;

    DriveWork(PoolStore kind, Pool pool, Map<Integer, MirrorSet> mirrors, Uses uses) {
        this.kind = kind;
        this.pool = pool;
        this.uses = uses;
        this.mirrors = new TreeMap<>(mirrors);
        // So small a mirror is copied in no time that anybody could limit.
        mirrors.values().forEach(mirror -> mirror.maintenance().rates(Long.MAX_VALUE, Long.MAX_VALUE));
    }

    /** Drives that nobody polls any more, since they left their mirror, still end what they were given. */
    int poll(long nowNs) {
        int work = scrubAgain();
        for (int i = 0; i < kind.drives().size(); i++) {
            PowerCutDrive drive = kind.drives().get(i);
            // At the end all: one whose place another takes is asked by nobody else, and may have a superblock to
            // write.
            if (drive.pendingCount() > 0 && (drive.gone() || !member(i) || closing)) {
                work += uses.of(i).poll(nowNs);
            }
        }
        return work;
    }

    private boolean member(int index) {
        UUID identity = PoolStore.identity(index);
        for (MemberRecord member : pool.config().members()) {
            if (member.drive().equals(identity)) {
                return true;
            }
        }
        return false;
    }

    void closing() {
        closing = true;
    }

    /** A scrub that is over cannot be followed by the next inside its own end. */
    private int scrubAgain() {
        int times = closing ? 0 : again;
        again = 0;
        if (times > 0) {
            scrub(times);
        }
        return times;
    }

    /** Sectors of a replica were lost, and are not known to be mended. */
    boolean lost() {
        return lost;
    }

    void disturb(SplittableRandom random) {
        if (closing) {
            return;
        }
        // A set that was taken out may be there still, while nobody was told.
        mirrors.keySet().removeIf(set -> pool.config().membersOf(set).isEmpty());
        if (!kind.traits().faulty()) {
            for (Map.Entry<Integer, MirrorSet> entry : List.copyOf(mirrors.entrySet())) {
                switch (random.nextInt(8)) {
                    case 0 -> die(entry.getKey(), entry.getValue(), random);
                    case 1, 2, 3 -> comeBack(entry.getKey(), entry.getValue(), random);
                    case 4 -> exchange(entry.getKey(), entry.getValue(), random);
                    case 5 -> loseSectors(entry.getKey(), entry.getValue(), random);
                    default -> {}
                }
            }
        }
        if (kind.traits().reshaped() && !reshaping) {
            if (random.nextBoolean()) {
                grow();
            } else {
                shrink(random);
            }
        }
    }

    // ---- mirrors

    private int driveOf(int set, int slot) {
        return PoolStore.index(pool.config().membersOf(set).get(slot).drive());
    }

    /** Whether the drive has all data, and the superblocks say that it is the mirror's. */
    private boolean complete(int set, MirrorSet mirror, int slot) {
        int drive = driveOf(set, slot);
        return mirror.state(slot) == ReplicaState.CURRENT
                && kind.membership(drive) != Membership.OUT
                && !(exchanging && kind.membership(drive) == Membership.EITHER)
                && !kind.drives().get(drive).gone();
    }

    /** Whether all data is there without that replica. */
    private boolean expendable(int set, MirrorSet mirror, int slot) {
        if (lost || !mirror.settled() || kind.traits().faulty()) {
            return false;
        }
        for (int other = 0; other < mirror.slotCount(); other++) {
            // Until replicas agree again after a crash the first one counts.
            if (other != slot && complete(set, mirror, other)) {
                return !mirror.doubtful() || other < slot;
            }
        }
        return false;
    }

    private void die(int set, MirrorSet mirror, SplittableRandom random) {
        int slot = random.nextInt(mirror.slotCount());
        if (expendable(set, mirror, slot)) {
            kind.drives().get(driveOf(set, slot)).gone(true);
        }
    }

    /** A drive that was lost comes back, without what was in its cache. */
    private void comeBack(int set, MirrorSet mirror, SplittableRandom random) {
        int slot = random.nextInt(mirror.slotCount());
        int index = driveOf(set, slot);
        PowerCutDrive drive = kind.drives().get(index);
        if (reshaping || mirror.state(slot) != ReplicaState.STALE || drive.pendingCount() > 0) {
            return;
        }
        CutImage left = new CutImage(drive, Arena.ofAuto());
        left.take(Survival.of(random.nextInt(Survival.COUNT)), random);
        drive.restart(left);
        drive.gone(false);
        MirrorReplacement.rejoin(
                pool, mirror, PoolStore.identity(index), drive.name(), uses.of(index), DriveWork::expect);
    }

    /** A drive of the mirror, whatever its state, goes for a fresh one. */
    private void exchange(int set, MirrorSet mirror, SplittableRandom random) {
        int slot = random.nextInt(mirror.slotCount());
        int old = driveOf(set, slot);
        int spare = spare(mirror.sizeBytes());
        boolean idle = kind.drives().get(old).pendingCount() == 0;
        if (reshaping || spare < 0 || !idle || complete(set, mirror, slot) && !expendable(set, mirror, slot)) {
            return;
        }
        prepare(spare, _ -> PoolFormatter.claim(kind.labelled(spare)));
        reshaping = true;
        exchanging = true;
        kind.membership(old, Membership.EITHER);
        kind.membership(spare, Membership.EITHER);
        PowerCutDrive drive = kind.drives().get(spare);
        UUID identity = PoolStore.identity(spare);
        MirrorReplacement.replace(
                pool, mirror, PoolStore.identity(old), identity, drive.name(), uses.of(spare), failure -> {
                    reshaping = false;
                    exchanging = false;
                    expect(failure);
                    kind.membership(failure == null ? old : spare, Membership.OUT);
                    kind.membership(failure == null ? spare : old, Membership.IN);
                });
    }

    /** Sectors of one replica cannot be read any more; a scrub finds and mends them. */
    private void loseSectors(int set, MirrorSet mirror, SplittableRandom random) {
        if (!mirror.healthy() || lost || reshaping) {
            return;
        }
        for (int slot = 0; slot < mirror.slotCount(); slot++) {
            if (!complete(set, mirror, slot)) {
                return;
            }
        }
        PowerCutDrive drive = kind.drives().get(driveOf(set, random.nextInt(mirror.slotCount())));
        long first = pool.config().sets().get(set).dataOffsetBytes();
        long blocks = (mirror.sizeBytes() - first) / Geometry.BLOCK_BYTES - 1;
        drive.latentError(first + random.nextLong(blocks) * Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES);
        lost = true;
        // What was being written, and counts since the first one looked at it, is there for the second.
        scrub(2);
    }

    private void scrub(int times) {
        pool.scrub((_, _) -> {}, (report, complete) -> {
            if (report.errors() > 0) {
                throw new AssertionError("a scrub found " + report.findings());
            }
            // What nobody has written is not looked at, and still cannot be read.
            lost = times > 1 || !complete;
            again = complete ? times - 1 : 0;
        });
    }

    /** Drives that are not there after a power cut now: some of those that the pool can do without. */
    void chooseMissing(SplittableRandom random, BitSet missing) {
        mirrors.keySet().removeIf(set -> pool.config().membersOf(set).isEmpty());
        mirrors.forEach((set, mirror) -> {
            int keep = -1;
            for (int slot = 0; slot < mirror.slotCount(); slot++) {
                if (complete(set, mirror, slot) && (keep < 0 || !mirror.doubtful() && random.nextBoolean())) {
                    keep = slot;
                }
            }
            for (int slot = 0; slot < mirror.slotCount(); slot++) {
                boolean may = slot != keep
                        && (complete(set, mirror, slot)
                                ? random.nextInt(6) == 0 && expendable(set, mirror, slot)
                                : random.nextInt(3) == 0);
                missing.set(driveOf(set, slot), may);
            }
        });
    }

    // ---- sets

    private int spare(long sizeBytes) {
        for (int i = 0; i < kind.drives().size(); i++) {
            PowerCutDrive drive = kind.drives().get(i);
            if (kind.membership(i) == Membership.OUT && drive.pendingCount() == 0 && drive.sizeBytes() >= sizeBytes) {
                return i;
            }
        }
        return -1;
    }

    /** What is done to a drive before a pool gets it. */
    private void prepare(int index, Consumer<PowerCutDrive> work) {
        PowerCutDrive drive = kind.drives().get(index);
        drive.gone(false);
        drive.instant(true);
        work.accept(drive);
        drive.instant(false);
    }

    private void grow() {
        List<Integer> joining = new ArrayList<>();
        for (int i = 0;
                i < kind.drives().size() && joining.size() < kind.traits().replicas();
                i++) {
            if (kind.membership(i) == Membership.OUT && kind.drives().get(i).pendingCount() == 0) {
                joining.add(i);
            }
        }
        if (joining.size() < kind.traits().replicas()) {
            return;
        }
        int set = pool.config().sets().size();
        List<PoolMember> members = new ArrayList<>();
        for (int i = 0; i < joining.size(); i++) {
            int index = joining.get(i);
            prepare(index, _ -> PoolFormatter.claim(kind.labelled(index)));
            MemberRecord record = new MemberRecord(PoolStore.identity(index), set, i, MemberRecord.State.CURRENT);
            PowerCutDrive drive = kind.drives().get(index);
            members.add(new PoolMember(record, drive.name(), drive.sizeBytes(), uses.of(index)));
        }
        MirrorSet mirror = joining.size() > 1 ? joiningMirror(joining) : null;
        Drive drive = mirror == null ? members.getFirst().drive() : mirror;
        begin(joining);
        pool.grow(drive, members, failure -> {
            end(joining, failure == null ? Membership.IN : Membership.OUT, failure);
            if (failure == null && mirror != null) {
                mirrors.put(set, mirror);
            }
        });
    }

    private MirrorSet joiningMirror(List<Integer> joining) {
        joining.forEach(index -> kind.drives().get(index).instant(true));
        List<PoolFormatter.Labelled> labelled =
                joining.stream().map(kind::labelled).toList();
        MirrorSet mirror = PoolDrives.joining(
                pool,
                PoolFormatter.newMirror(labelled),
                joining.stream().map(uses::of).toList(),
                new StrictListeners.OfMirror());
        joining.forEach(index -> kind.drives().get(index).instant(false));
        mirror.maintenance().rates(Long.MAX_VALUE, Long.MAX_VALUE);
        return mirror;
    }

    private void shrink(SplittableRandom random) {
        List<Integer> sets = new ArrayList<>();
        for (int set = 0; set < pool.config().sets().size(); set++) {
            if (!pool.config().membersOf(set).isEmpty()) {
                sets.add(set);
            }
        }
        int chosen = sets.get(random.nextInt(sets.size()));
        for (int set : sets) {
            // One that a power cut interrupted goes on.
            chosen = pool.config().sets().get(set).draining() ? set : chosen;
        }
        int set = chosen;
        List<Integer> leaving = pool.config().membersOf(set).stream()
                .map(member -> PoolStore.index(member.drive()))
                .toList();
        begin(leaving);
        pool.shrink(set, (_, _) -> {}, failure -> {
            end(leaving, failure == null ? Membership.OUT : Membership.IN, failure);
            if (failure == null) {
                mirrors.remove(set);
            }
        });
        if (reshaping && random.nextInt(8) == 0) {
            pool.cancelShrink();
        }
    }

    private void begin(List<Integer> some) {
        reshaping = true;
        some.forEach(index -> kind.membership(index, Membership.EITHER));
    }

    private void end(List<Integer> some, Membership are, @Nullable PoolException failure) {
        reshaping = false;
        expect(failure);
        some.forEach(index -> kind.membership(index, are));
    }

    /** Some answers are no failures. */
    private static void expect(@Nullable PoolException failure) {
        if (failure == null) {
            return;
        }
        switch (failure.reason()) {
            case NO_SPACE, IN_USE, UNSUITABLE, STOPPED, CANCELLED -> {}
            default -> throw new AssertionError("drives could not be changed: " + failure.getMessage(), failure);
        }
    }
}
