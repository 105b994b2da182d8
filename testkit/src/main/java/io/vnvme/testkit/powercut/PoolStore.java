package io.vnvme.testkit.powercut;

import io.vnvme.crypto.AesXts;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.pool.PoolDrives;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.reactor.Clock;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.PowerCutDrive;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Pools of a few mebibytes on a few drives. */
public final class PoolStore implements StoreKind {
    /** Whether a drive belongs to the pool, after a power cut now. */
    enum Membership {
        IN,
        OUT,
        EITHER
    }

    private static final UUID POOL = new UUID(1, 1);
    private static final long CLUSTER_BYTES = 64L << 10;
    private static final int KEY_BYTE = 9;

    private final PoolKind kind;
    private PoolKind.Traits traits = PoolKind.Traits.NONE;
    private SplittableRandom scenarios = new SplittableRandom(0);
    private final KeptMapMemory mapMemory = KeptMapMemory.ofThread();
    private Layout layout = Layout.CONCAT;
    private long journalBytes;
    /** Drives that the pool has from the start. */
    private int begunWith;

    private Membership[] members = {};
    private List<PowerCutDrive> drives = List.of();
    /** Drives that the last recovery went without. */
    private final BitSet missing = new BitSet();
    /** Drives that it looked at. */
    private final BitSet looked = new BitSet();

    private final Map<CutImage, KnownBlocks> blocks = new HashMap<>();
    private final boolean recognizing;
    private final Recoveries recoveries = new Recoveries();

    private final @Nullable VolumeKey key;
    private @Nullable AesXts cipher;
    private @Nullable RunningPool running;

    public PoolStore(PoolKind kind) {
        this(kind, true);
    }

    /** @param recognizing what needs not be loaded again is not */
    PoolStore(PoolKind kind, boolean recognizing) {
        this.kind = kind;
        this.recognizing = recognizing;
        key = kind == PoolKind.GUARDED || kind == PoolKind.MIXED ? key() : null;
    }

    private static VolumeKey key() {
        byte[] bytes = new byte[VolumeKey.SIZE];
        Arrays.fill(bytes, 0, VolumeKey.SIZE / 2, (byte) KEY_BYTE);
        return VolumeKey.of(bytes);
    }

    @Override
    public List<DriveShape> drives(SplittableRandom random) {
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 1;
        layout = random.nextBoolean() ? Layout.CONCAT : Layout.STRIPE;
        journalBytes = CLUSTER_BYTES << random.nextInt(2);
        List<Long> sizes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int clusters = 24 + random.nextInt(random.nextInt(3) == 0 ? 200 : 40);
            sizes.add(journalBytes + clusters * CLUSTER_BYTES + 4096L * random.nextInt(16));
        }
        if (kind != PoolKind.PLAIN) {
            traits = kind.traits(random);
            scenarios = random.split();
        }
        int replicas = traits.replicas();
        layout = replicas > 1 ? Layout.MIRROR : layout;
        long largest = sizes.stream().mapToLong(Long::longValue).max().orElseThrow();
        List<DriveShape> shapes = new ArrayList<>();
        int block = traits.wide() ? 4096 : 512;
        for (long size : sizes) {
            for (int replica = 0; replica < replicas; replica++) {
                shapes.add(new DriveShape(size + (replica == 0 ? 0 : CLUSTER_BYTES * random.nextInt(2)), block));
            }
        }
        begunWith = shapes.size();
        // Those that may join, or take another's place.
        int spares = (traits.reshaped() ? replicas : 0) + (replicas > 1 && !traits.faulty() ? 1 : 0);
        for (int i = 0; i < spares; i++) {
            shapes.add(new DriveShape(largest, block));
        }
        return shapes;
    }

    static UUID identity(int index) {
        return new UUID(2, index + 1L);
    }

    static int index(UUID identity) {
        return (int) identity.getLeastSignificantBits() - 1;
    }

    PoolFormatter.Labelled labelled(int index) {
        PowerCutDrive drive = drives.get(index);
        return new PoolFormatter.Labelled(blocking(drive), identity(index), drive.name());
    }

    @Override
    public Map<String, Long> format(List<PowerCutDrive> all, SplittableRandom random) {
        drives = List.copyOf(all);
        members = new Membership[drives.size()];
        Arrays.fill(members, Membership.OUT);
        VolumeKey itsKey = key;
        if (traits.encrypted() && itsKey != null) {
            cipher = new AesXts(itsKey, Geometry.BLOCK_BYTES);
        }
        List<List<PoolFormatter.Labelled>> sets = new ArrayList<>();
        for (int i = 0; i < begunWith; i += traits.replicas()) {
            List<PoolFormatter.Labelled> set = new ArrayList<>();
            for (int replica = 0; replica < traits.replicas(); replica++) {
                set.add(labelled(i + replica));
            }
            sets.add(set);
        }
        if (traits.torn()) {
            drives.forEach(drive -> drive.tearing(PowerCutDrive.SECTOR));
        }
        drives.forEach(drive -> drive.instant(true));
        PoolFormatter.create("tiny", POOL, layout, journalBytes, sets);
        drives.forEach(drive -> drive.instant(false));
        return Map.of();
    }

    private static BlockingDrive blocking(Drive drive) {
        return new BlockingDrive(drive, () -> 0, () -> {});
    }

    private PoolScan scan(List<? extends Drive> there) {
        List<BlockingDrive> blocking = new ArrayList<>();
        for (int i = 0; i < there.size(); i++) {
            if (!missing.get(i) && members[i] != Membership.OUT) {
                blocking.add(blocking(there.get(i)));
            }
        }
        return PoolScan.scan(POOL, blocking);
    }

    @Override
    public Store start(List<PowerCutDrive> all, Clock clock) {
        if (running == null) {
            Arrays.fill(members, 0, begunWith, Membership.IN);
        }
        for (int i = 0; i < drives.size(); i++) {
            drives.get(i).gone(missing.get(i));
            drives.get(i).instant(true);
        }
        PoolScan scan = scan(drives);
        PoolImage image = PoolLoader.load(scan, mapMemory);
        drives.forEach(drive -> drive.instant(false));
        Arrays.fill(members, Membership.OUT);
        for (MemberRecord member : image.config().members()) {
            members[index(member.drive())] = Membership.IN;
        }
        missing.clear();
        Uses uses = new Uses(drives);
        PoolDrives together = PoolDrives.of(scan, image, id -> uses.of(index(id)), _ -> new StrictListeners.OfMirror());
        RunningPool pool = new RunningPool(this, image, together, uses, clock, traits.encrypted() ? key : null);
        running = pool;
        return pool;
    }

    @Override
    public Recovered recover(List<CutImage> images, Clock clock) {
        missing.clear();
        RunningPool pool = running;
        if (pool != null && traits.replicas() > 1) {
            pool.work().chooseMissing(scenarios, missing);
        }
        looked.clear();
        for (int i = 0; i < members.length; i++) {
            looked.set(i, !missing.get(i) && members[i] != Membership.OUT);
        }
        FoundPool found = recognizing ? recoveries.find(looked, images) : null;
        if (found == null) {
            found = recoveries.add(looked, images, () -> load(images));
        }
        requireMembers(found.config());
        return found;
    }

    private FoundPool load(List<CutImage> images) {
        PoolScan scan = scan(images);
        PoolImage image = PoolLoader.load(scan, mapMemory);
        try {
            return new FoundPool(scan, image, images, cipher, blocks);
        } finally {
            image.discard();
        }
    }

    @Override
    public void forget() {
        recoveries.forget();
    }

    /** Who certainly belongs to the pool does. */
    private void requireMembers(PoolConfig config) {
        for (int i = 0; i < members.length; i++) {
            int drive = i;
            if (members[i] == Membership.IN
                    && config.members().stream()
                            .noneMatch(member -> member.drive().equals(identity(drive)))) {
                throw new AssertionError("drive %s is in the pool no more"
                        .formatted(drives.get(i).name()));
            }
        }
    }

    List<PowerCutDrive> drives() {
        return drives;
    }

    PoolKind.Traits traits() {
        return traits;
    }

    Membership membership(int drive) {
        return members[drive];
    }

    void membership(int drive, Membership is) {
        members[drive] = is;
    }

    @Override
    public boolean disturbed() {
        return kind != PoolKind.PLAIN && kind != PoolKind.BLOCKS;
    }

    @Override
    public boolean prone(int drive) {
        // Of a mirror it is one that no other is made equal to after a crash.
        return traits.faulty() && drive < begunWith && drive % traits.replicas() == traits.replicas() - 1;
    }

    @Override
    public boolean alone() {
        return traits.replicas() == 1;
    }

    @Override
    public void close() {
        AesXts itsCipher = cipher;
        if (itsCipher != null) {
            itsCipher.close();
        }
        VolumeKey itsKey = key;
        if (itsKey != null) {
            itsKey.close();
        }
    }
}
