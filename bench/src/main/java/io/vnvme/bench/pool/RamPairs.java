package io.vnvme.bench.pool;

import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.pool.PoolClient.Job;
import io.vnvme.bench.pool.PoolClient.Order;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.pool.Done;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolImage;
import io.vnvme.volume.LinearVolume;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What a thin volume costs in memory, where nothing else takes time: beside the bare drive, and beside itself. Each pair
 * is measured by turns, through the whole stack and without NVMe.
 */
final class RamPairs {
    private static final long VOLUME_BYTES = 1L << 30;
    private static final long DRIVE_BYTES = 4L << 30;
    private static final long UNITS = VOLUME_BYTES / 4096;
    private static final int LARGE_BYTES = 128 << 10;
    private static final int LARGE_DEPTH = 8;
    private static final int DEPTH = 64;
    private static final int WARMING = 2;

    /** One set of comparisons. */
    static final class Set {
        final Comparison read = new Comparison("4 KiB random read, thin / raw", 0.95);
        final Comparison overwrite = new Comparison("4 KiB random overwrite, thin / raw", 0.90);
        final Comparison snapshot = new Comparison("4 KiB random write, after / before a snapshot", 0.80);
        final Comparison hole = new Comparison("4 KiB random write, first / over", 0.70);
        final Comparison largeRead = new Comparison("128 KiB sequential read, thin / raw", 0.95);
        final Comparison largeWrite = new Comparison("128 KiB sequential write, thin / raw", 0.95);

        List<Comparison> all() {
            return List.of(read, overwrite, snapshot, hole, largeRead, largeWrite);
        }
    }

    /** Where jobs are run, and what is done between them. */
    private interface Stage {
        double raw(Job job);

        double thin(String volume, Job job);

        void create(String volume);

        void snapshot(String volume, String snap);

        void remove(String name);
    }

    private RamPairs() {}

    private static Job random(boolean write, long rounds, long salt) {
        return new Job(write, Order.SHUFFLED, 4096, UNITS, DEPTH, UNITS * rounds, salt, false);
    }

    private static Job large(boolean write, long rounds) {
        long units = VOLUME_BYTES / LARGE_BYTES;
        return new Job(write, Order.SEQUENTIAL, LARGE_BYTES, units, LARGE_DEPTH, units * rounds, 0, false);
    }

    private static void rounds(Stage stage, int rounds, Set set) {
        stage.create("v");
        stage.thin("v", large(true, 1));
        stage.create("w");
        stage.thin("w", large(true, 1));
        for (int round = -WARMING; round < rounds; round++) {
            Set into = round < 0 ? new Set() : set;
            pair(stage, into.read, random(false, 2, round), round);
            pair(stage, into.overwrite, random(true, 2, round), round);
            pair(stage, into.largeRead, large(false, 4), round);
            pair(stage, into.largeWrite, large(true, 4), round);
            double before = stage.thin("w", random(true, 1, round + 100));
            stage.snapshot("w", "s");
            into.snapshot.add(stage.thin("w", random(true, 1, round + 200)), before);
            stage.remove("w@s");
            stage.create("h");
            double first = stage.thin("h", random(true, 1, round + 300));
            into.hole.add(first, stage.thin("h", random(true, 1, round + 400)));
            stage.remove("h");
        }
    }

    private static void pair(Stage stage, Comparison into, Job job, int round) {
        // Who begins changes: what comes second finds the machine as the first left it.
        if ((round & 1) == 0) {
            double raw = stage.raw(job);
            into.add(stage.thin("v", job), raw);
        } else {
            double thin = stage.thin("v", job);
            into.add(thin, stage.raw(job));
        }
    }

    /** Through vfio-user and NVMe: the engine in a process of its own on one processor, the client on the other. */
    static void stack(int rounds, int serverCpu, int clientCpu, List<String> jvmOptions, Set set)
            throws IOException, InterruptedException {
        try (PoolProcess engine = new PoolProcess(serverCpu, "ram", DRIVE_BYTES, jvmOptions)) {
            PinnedThread.call("client", clientCpu, () -> {
                rounds(new Served(engine), rounds, set);
                return true;
            });
        }
    }

    private record Served(PoolProcess engine) implements Stage {
        @Override
        public double raw(Job job) {
            return run("raw " + VOLUME_BYTES, "raw", job);
        }

        @Override
        public double thin(String volume, Job job) {
            return run("serve " + volume, volume, job);
        }

        private double run(String command, String name, Job job) {
            try (PoolClient client = new PoolClient(Path.of(engine.ask(command)))) {
                return client.run(job);
            } finally {
                engine.ask("unserve " + name);
            }
        }

        @Override
        public void create(String volume) {
            engine.ask("create " + volume + " " + VOLUME_BYTES);
        }

        @Override
        public void snapshot(String volume, String snap) {
            engine.ask("snapshot " + volume + " " + snap);
        }

        @Override
        public void remove(String name) {
            engine.ask("remove " + name);
            engine.ask("settle");
        }
    }

    /** Straight at {@code submit}. */
    static void direct(int rounds, int cpu, Set set) throws InterruptedException {
        PinnedThread.call("direct", cpu, () -> {
            try (RamDrive drive = RamDrive.create("d0", DRIVE_BYTES)) {
                DirectLoop.run(drive, new Job(true, Order.SEQUENTIAL, 4096, UNITS * 4, DEPTH, UNITS * 4, 0, false));
                PoolImage image = BenchPool.format(drive);
                long dataOffset = image.config().sets().getFirst().dataOffsetBytes();
                try (Pool pool = BenchPool.open(image, drive, _ -> {})) {
                    rounds(new Stepped(pool, new LinearVolume(drive, dataOffset, VOLUME_BYTES)), rounds, set);
                }
            }
            return true;
        });
    }

    private record Stepped(Pool pool, LinearVolume bare) implements Stage {
        @Override
        public double raw(Job job) {
            return DirectLoop.run(new BenchPool.AsDrive("raw", bare, pool), job);
        }

        @Override
        public double thin(String volume, Job job) {
            return DirectLoop.run(
                    new BenchPool.AsDrive(volume, pool.operations().volume(volume), pool), job);
        }

        @Override
        public void create(String volume) {
            await(done -> pool.operations().create(BenchPool.volume(volume, VOLUME_BYTES), done));
        }

        @Override
        public void snapshot(String volume, String snap) {
            await(done -> pool.operations().snapshot(volume, snap, UUID.randomUUID(), 0, done));
        }

        @Override
        public void remove(String name) {
            await(done -> pool.operations().remove(name, done));
            while (!pool.idle()) {
                pool.poll(System.nanoTime());
            }
        }

        private void await(Consumer<Done> operation) {
            boolean[] ended = {false};
            operation.accept(failure -> {
                if (failure != null) {
                    throw failure;
                }
                ended[0] = true;
            });
            while (!ended[0]) {
                pool.poll(System.nanoTime());
            }
        }
    }
}
