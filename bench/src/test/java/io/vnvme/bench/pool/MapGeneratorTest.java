package io.vnvme.bench.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolListener;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.PoolScan;
import io.vnvme.reactor.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the generator writes is a pool, and every cluster that it says is in use is. */
final class MapGeneratorTest {
    private static final int VOLUMES = 3;

    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true", "true,true"})
    void whatIsWrittenLoads(boolean scattered, boolean crashed) {
        List<@Nullable Drive> drives = new ArrayList<>();
        try {
            drives.add(RamDrive.create("d0", 3L << 30));
            drives.add(RamDrive.create("d1", 2L << 30));
            List<BlockingDrive> blocking = new ArrayList<>();
            for (Drive drive : drives) {
                blocking.add(new BlockingDrive(drive));
            }
            MapGenerator generator = new MapGenerator(blocking, VOLUMES, scattered);
            generator.write(crashed);
            PoolImage image = PoolLoader.load(PoolScan.scan(MapGenerator.POOL, blocking));
            assertThat(image.clean()).isEqualTo(!crashed);
            assertOpens(image, drives, generator);
        } finally {
            drives.forEach(Drive::close);
        }
    }

    private static void assertOpens(PoolImage image, List<@Nullable Drive> drives, MapGenerator generator) {
        List<PoolMember> members = new ArrayList<>();
        for (int i = 0; i < drives.size(); i++) {
            members.add(new PoolMember(
                    image.config().members().get(i), "d" + i, drives.get(i).sizeBytes(), drives.get(i)));
        }
        boolean[] opened = {false};
        try (Pool pool = new Pool(
                image, drives, members, Clock.system(), PoolListener.NONE, failure -> opened[0] = failure == null)) {
            for (int step = 0; step < 10_000 && !opened[0]; step++) {
                pool.poll(System.nanoTime());
            }
            assertThat(opened[0]).isTrue();
            assertThat(pool.spaceNow().used()).isGreaterThanOrEqualTo(generator.dataClusters());
            assertThat(pool.operations().volume("v" + (VOLUMES - 1)).sizeBytes())
                    .isEqualTo(generator.volumeBytes());
        }
    }
}
