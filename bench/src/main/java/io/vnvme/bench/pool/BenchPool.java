package io.vnvme.bench.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.pool.Done;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolFormatter.Labelled;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolListener;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.VolumeSpec;
import io.vnvme.pool.format.Layout;
import io.vnvme.reactor.Clock;
import io.vnvme.volume.Volume;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A pool on one drive, made and opened for a measurement. */
public final class BenchPool {
    private static final int BLOCK_BYTES = 512;

    private BenchPool() {}

    /** Makes a pool on the drive, whose content is lost. */
    public static PoolImage format(Drive drive) {
        Labelled labelled = new Labelled(new BlockingDrive(drive), new UUID(8, 0), drive.name());
        PoolFormatter.create("bench", MapGenerator.POOL, Layout.CONCAT, 0, List.of(List.of(labelled)));
        return load(drive);
    }

    static PoolImage load(Drive drive) {
        return PoolLoader.load(PoolScan.scan(MapGenerator.POOL, List.of(new BlockingDrive(drive))));
    }

    public static Pool open(PoolImage image, Drive drive, Done opened) {
        List<@Nullable Drive> sets = new ArrayList<>(List.of(drive));
        PoolMember member = new PoolMember(image.config().members().getFirst(), drive.name(), drive.sizeBytes(), drive);
        return new Pool(image, sets, List.of(member), Clock.system(), PoolListener.NONE, opened);
    }

    public static VolumeSpec volume(String name, long sizeBytes) {
        UUID uuid = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
        return new VolumeSpec(name, uuid, sizeBytes, BLOCK_BYTES, false, false, 0, new byte[0]);
    }

    /** A volume as something that measures drives takes it: polled with its pool. */
    public record AsDrive(String name, Volume volume, Pool pool) implements Drive {
        @Override
        public long sizeBytes() {
            return volume.sizeBytes();
        }

        @Override
        public int blockSizeBytes() {
            return volume.blockSizeBytes();
        }

        @Override
        public boolean volatileWriteCache() {
            return volume.volatileWriteCache();
        }

        @Override
        public int submit(Io io) {
            return volume.submit(io);
        }

        @Override
        public int poll(long nowNs) {
            return pool.poll(nowNs);
        }

        @Override
        public void close() {
            pool.close();
        }
    }
}
