package io.vnvme.bench.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.vfiouser.Device;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.os.Cpu;
import io.vnvme.os.Mapping;
import io.vnvme.pool.Done;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolImage;
import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.server.Idle;
import io.vnvme.volume.LinearVolume;
import io.vnvme.volume.Volume;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The engine alone in a process: one reactor on one processor, a drive, a pool on it.
 *
 * <p>Arguments: folder for sockets, processor of the reactor, {@code ram}, {@code slow} (flushes of a
 * millisecond) or {@code mapped} (a pool with one fully written volume, v0, without its data), size of the drive in
 * bytes. Commands come by lines; each is answered by a line: what it took in nanoseconds, or what was asked for.
 */
final class PoolServer implements AutoCloseable {
    /** Where a guest of a mapped pool keeps to: what it touches is there. */
    static final long GUEST_BYTES = 64 << 20;

    private static final int BLOCK_BYTES = 512;
    private static final long FREE_BYTES = 6L << 30;

    private final Path folder;
    private final Reactor reactor;
    private final RamDrive memory;
    private final Drive drive;
    private final Map<String, VfioUserEndpoint> endpoints = new HashMap<>();
    private final Pool pool;
    private final @Nullable PassWatch passes;
    private final long dataOffset;

    private PoolServer(Path folder, Reactor reactor, String kind, long bytes) {
        this.folder = folder;
        this.reactor = reactor;
        memory = RamDrive.create("d0", bytes);
        drive = "slow".equals(kind) ? new SlowFlushDrive(memory) : memory;
        PoolImage image;
        if ("mapped".equals(kind)) {
            MapGenerator generator = new MapGenerator(List.of(new BlockingDrive(drive)), 1, false);
            generator.write(false);
            touch(generator.dataOffset(), GUEST_BYTES);
            touch(generator.freeOffset(), FREE_BYTES);
            image = BenchPool.load(drive);
        } else {
            touch(0, memory.sizeBytes());
            image = BenchPool.format(drive);
        }
        passes = "mapped".equals(kind) ? reactor.call(() -> watched(reactor)) : null;
        dataOffset = image.config().sets().getFirst().dataOffsetBytes();
        pool = reactor.call(() -> {
            Pool opened = BenchPool.open(image, drive, PoolServer::require);
            reactor.add(opened);
            return opened;
        });
    }

    private static PassWatch watched(Reactor reactor) {
        PassWatch watch = new PassWatch();
        reactor.add(watch);
        return watch;
    }

    /** Takes the drive's memory now: that is not what is measured. */
    private void touch(long from, long bytes) {
        try (Mapping zeros = Mapping.anonymous(1 << 20, false)) {
            BlockingDrive blocking = new BlockingDrive(memory);
            long step = zeros.segment().byteSize();
            for (long at = from; at + step <= from + bytes; at += step) {
                blocking.write(at, zeros.segment());
            }
        }
    }

    private static void require(@Nullable PoolException failure) {
        if (failure != null) {
            throw failure;
        }
    }

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int cpu = Integer.parseInt(arguments[1]);
        try (Reactor reactor = Reactor.start("reactor", cpu, Idle.policy(), Throwable::printStackTrace)) {
            Cpu.pin(cpu == 0 ? 1 : 0);
            try (PoolServer server = new PoolServer(folder, reactor, arguments[2], Long.parseLong(arguments[3]))) {
                System.out.println("ready");
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                for (String line = input.readLine(); line != null; line = input.readLine()) {
                    System.out.println(server.command(line.split(" ", -1)));
                }
            }
        }
    }

    private String command(String[] words) {
        return switch (words[0]) {
            case "create" ->
                timed(done -> pool.operations().create(BenchPool.volume(words[1], Long.parseLong(words[2])), done));
            case "snapshot" ->
                timed(done -> pool.operations().snapshot(words[1], words[2], UUID.randomUUID(), 0, done));
            case "clone" -> timed(done -> pool.operations().clone(words[1], words[2], UUID.randomUUID(), 0, done));
            case "remove" -> timed(done -> pool.operations().remove(words[1], done));
            case "serve" -> {
                serve(words[1], reactor.call(() -> pool.operations().volume(words[1])));
                yield folder.resolve(words[1]).toString();
            }
            case "raw" -> {
                // The same memory that the pool has its first data in, and nobody to poll but the drive.
                pause(true);
                serve("raw", new LinearVolume(memory, dataOffset, Long.parseLong(words[1])));
                yield folder.resolve("raw").toString();
            }
            case "unserve" -> {
                VfioUserEndpoint endpoint = endpoints.remove(words[1]);
                if (endpoint != null) {
                    endpoint.close();
                }
                if ("raw".equals(words[1])) {
                    pause(false);
                }
                yield "0";
            }
            case "settle" -> {
                while (!reactor.call(pool::idle)) {
                    Thread.onSpinWait();
                }
                yield "0";
            }
            case "longest" -> {
                PassWatch watch = Objects.requireNonNull(passes);
                yield Long.toString(reactor.call(watch::takeLongestNs));
            }
            case "flushes" -> reactor.call(() -> pool.flushCount() + " " + pool.deviceFlushCount());
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private void pause(boolean paused) {
        reactor.execute(() -> {
            if (paused) {
                reactor.remove(pool);
            } else {
                reactor.add(pool);
            }
        });
    }

    /** How long an operation takes from when it is handed to the reactor until it is durable. */
    private String timed(Consumer<Done> operation) {
        CompletableFuture<Long> ended = new CompletableFuture<>();
        long begun = System.nanoTime();
        reactor.execute(() -> operation.accept(failure -> {
            if (failure == null) {
                ended.complete(System.nanoTime() - begun);
            } else {
                ended.completeExceptionally(failure);
            }
        }));
        return Long.toString(ended.join());
    }

    private void serve(String name, Volume volume) {
        Subsystem subsystem =
                new Subsystem("nqn.2026-01.io.vnvme:bench-" + name, "%20s".formatted(name), "vNVMe bench", "1.0");
        Namespace namespace =
                new Namespace(1, NamespaceIdentity.of(new UUID(1, name.hashCode())), volume, BLOCK_BYTES, false);
        endpoints.put(
                name,
                VfioUserEndpoint.open(
                        reactor,
                        folder.resolve(name),
                        host -> {
                            Controller controller = new Controller(
                                    subsystem,
                                    subsystem.nextControllerId(),
                                    host.memory(),
                                    host.interrupts(),
                                    host.doorbells());
                            controller.namespaces().attach(namespace);
                            return Device.of(controller);
                        },
                        new VfioUserEndpoint.Options(false)));
    }

    @Override
    public void close() {
        endpoints.values().forEach(VfioUserEndpoint::close);
        reactor.call(() -> {
            reactor.remove(pool);
            pool.close();
            return true;
        });
        drive.close();
    }
}
