package io.vnvme.testkit.powercut;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.pool.ImageMap;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolListener;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.reactor.Clock;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.PowerCutDrive;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Pools of a few mebibytes on one to three drives. */
public final class PoolStore implements StoreKind {
    private static final UUID POOL = new UUID(1, 1);
    private static final long CLUSTER_BYTES = 64L << 10;

    private Layout layout = Layout.CONCAT;
    private long journalBytes;

    @Override
    public List<DriveShape> drives(SplittableRandom random) {
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 1;
        layout = random.nextBoolean() ? Layout.CONCAT : Layout.STRIPE;
        journalBytes = CLUSTER_BYTES << random.nextInt(2);
        List<DriveShape> shapes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int clusters = 24 + random.nextInt(random.nextInt(3) == 0 ? 200 : 40);
            shapes.add(new DriveShape(journalBytes + clusters * CLUSTER_BYTES + 4096L * random.nextInt(16), 512));
        }
        return shapes;
    }

    private static UUID identity(int index) {
        return new UUID(2, index + 1L);
    }

    @Override
    public Map<String, Long> format(List<PowerCutDrive> drives, SplittableRandom random) {
        List<List<PoolFormatter.Labelled>> sets = new ArrayList<>();
        for (int i = 0; i < drives.size(); i++) {
            PowerCutDrive drive = drives.get(i);
            sets.add(List.of(new PoolFormatter.Labelled(blocking(drive), identity(i), drive.name())));
        }
        drives.forEach(drive -> drive.instant(true));
        PoolFormatter.create("tiny", POOL, layout, journalBytes, sets);
        drives.forEach(drive -> drive.instant(false));
        return Map.of();
    }

    private static BlockingDrive blocking(Drive drive) {
        return new BlockingDrive(drive, () -> 0, () -> {});
    }

    private static PoolImage load(List<? extends Drive> drives) {
        List<BlockingDrive> blocking = new ArrayList<>();
        for (Drive drive : drives) {
            blocking.add(blocking(drive));
        }
        return PoolLoader.load(PoolScan.scan(POOL, blocking));
    }

    @Override
    public Store start(List<PowerCutDrive> drives, Clock clock) {
        drives.forEach(drive -> drive.instant(true));
        PoolImage image = load(drives);
        drives.forEach(drive -> drive.instant(false));
        List<@Nullable Drive> sets = new ArrayList<>(drives);
        List<PoolMember> members = new ArrayList<>();
        for (MemberRecord record : image.config().members()) {
            PowerCutDrive drive = drives.get(record.set());
            members.add(new PoolMember(record, drive.name(), drive.sizeBytes(), drive));
        }
        return new RunningPool(image, sets, members, clock);
    }

    @Override
    public Recovered recover(List<CutImage> images, Clock clock) {
        return new FoundPool(load(images), images);
    }

    /** A listener that lets no stop pass. */
    static final class Strict implements PoolListener {
        @Override
        public void stopped(String why) {
            throw new AssertionError("the pool stopped itself: " + why);
        }

        @Override
        public void filled(int percent, boolean above) {}

        @Override
        public void held(int count) {}
    }

    /** What the loader found, read by its own map. */
    private static final class FoundPool implements Recovered {
        private final PoolImage image;
        private final ImageMap map;
        private final List<CutImage> images;

        FoundPool(PoolImage image, List<CutImage> images) {
            this.image = image;
            this.images = images;
            map = new ImageMap(image);
        }

        @Override
        public Map<String, Long> sizes() {
            Map<String, Long> sizes = new TreeMap<>();
            for (LayerRecord record : map.list()) {
                sizes.put(record.name(), record.sizeBytes());
            }
            return sizes;
        }

        @Override
        public void read(String name, long[] stamps, int sectors) {
            map.each(name, (block, count, set, offset) -> {
                int first = (int) block * 8;
                if (set < 0) {
                    Arrays.fill(stamps, first, first + count * 8, 0);
                } else {
                    images.get(set).stamps(offset, stamps, first, count * 8);
                }
            });
        }

        @Override
        public void check() {
            String disagreement = map.disagreement();
            if (disagreement != null) {
                throw new AssertionError(disagreement);
            }
        }

        @Override
        public long usedClusters() {
            return map.usedClusters();
        }

        @Override
        public void close() {
            image.discard();
        }
    }
}
