package io.vnvme.bench.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.uring.DriveFile;
import io.vnvme.drive.uring.DriveHealth;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.drive.uring.UringDrive;
import io.vnvme.os.Cpu;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolListener;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.PoolScan;
import io.vnvme.reactor.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Imports a large pool once, in a JVM of its own: what was loaded before would be in its memory.
 *
 * <p>Arguments: folder for the drives' sparse files, TiB of the pool, volumes, {@code clean} or {@code crashed}. Prints
 * seconds until the pool is loaded, seconds until it is open, bytes of memory that it takes, clusters of data.
 */
final class ImportRun implements AutoCloseable {
    /** Files have at most 16 TiB on most file systems. */
    private static final long SET_TIB_MAX = 10;

    private final DriveRing ring = DriveRing.open();
    private final List<DriveFile> files = new ArrayList<>();
    private final List<UringDrive> drives = new ArrayList<>();

    private ImportRun() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        long tib = Long.parseLong(arguments[1]);
        int volumes = Integer.parseInt(arguments[2]);
        boolean crashed = "crashed".equals(arguments[3]);
        boolean scattered = arguments.length < 5 || !"ordered".equals(arguments[4]);
        try (ImportRun run = new ImportRun()) {
            for (int i = 0; i * SET_TIB_MAX < tib; i++) {
                Path path = folder.resolve("set" + i);
                Files.deleteIfExists(path);
                run.add(path, Math.min(SET_TIB_MAX, tib - i * SET_TIB_MAX) << 40);
            }
            MapGenerator generator = new MapGenerator(run.blocking(), volumes, scattered);
            generator.write(crashed);
            run.measure(generator.dataClusters());
        }
    }

    private void add(Path path, long bytes) {
        DriveFile file = DriveFile.create(path, bytes);
        files.add(file);
        drives.add(new UringDrive("d" + drives.size(), file, ring, new DriveHealth()));
    }

    private List<BlockingDrive> blocking() {
        return drives.stream().map(BlockingDrive::new).toList();
    }

    private void measure(long dataClusters) throws IOException {
        long before = residentBytes();
        long begun = System.nanoTime();
        long cpuBegun = Cpu.threadCpuTimeNs();
        PoolImage image = PoolLoader.load(PoolScan.scan(MapGenerator.POOL, blocking()));
        double loadedS = (System.nanoTime() - begun) / 1e9;
        double cpuS = (Cpu.threadCpuTimeNs() - cpuBegun) / 1e9;
        long taken = residentBytes() - before;
        List<@Nullable Drive> sets = new ArrayList<>(drives);
        List<PoolMember> members = new ArrayList<>();
        for (int i = 0; i < drives.size(); i++) {
            members.add(new PoolMember(
                    image.config().members().get(i), "d" + i, drives.get(i).sizeBytes(), drives.get(i)));
        }
        boolean[] opened = {false};
        Pool pool = new Pool(image, sets, members, Clock.system(), PoolListener.NONE, failure -> {
            if (failure != null) {
                throw failure;
            }
            opened[0] = true;
        });
        while (!opened[0]) {
            pool.poll(System.nanoTime());
        }
        double openS = (System.nanoTime() - begun) / 1e9;
        System.out.printf("%.2f %.2f %.2f %d %d%n", loadedS, cpuS, openS, taken, dataClusters);
        pool.close();
    }

    /** Memory of this process, garbage left out. */
    private static long residentBytes() throws IOException {
        System.gc();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new IOException("no VmRSS");
    }

    @Override
    public void close() throws IOException {
        drives.forEach(UringDrive::close);
        for (DriveFile file : files) {
            file.close();
            Files.delete(file.path());
        }
        ring.close();
    }
}
