package io.vnvme.control.plane;

import io.vnvme.control.model.Qos;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.drive.nvmetcp.TargetKeys;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.testkit.server.Idle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** Two data planes, as of two hosts: the near one's vNVMe has its counterpart at the far one, which lets the near one in over TCP. */
final class Mirrored implements AutoCloseable {
    static final String NAME = "d";
    static final String NQN = "nqn.2014-08.org.example:d";
    private static final int BLOCK_BYTES = 512;
    private static final long POOL_BYTES = 64 << 20;
    private static final int READ_BYTES = 128 << 10;

    final EngineDataPlane near = EngineDataPlane.start(ReactorSettings.of(2, Idle.policy()));
    final EngineDataPlane far = EngineDataPlane.start(ReactorSettings.of(1, Idle.policy()));
    final UUID uuid = UUID.randomUUID();
    final Path folder;
    final EnginePool nearPool;
    final EnginePool farPool;
    private final List<CountDownLatch> hanging = new CopyOnWriteArrayList<>();
    private boolean farEnded;
    final DataPlane.Export source;
    final DataPlane.Export target;
    final String address;

    Mirrored(Path folder, long sizeBytes, long targetBytes) {
        this(folder, sizeBytes, targetBytes, POOL_BYTES);
    }

    Mirrored(Path folder, long sizeBytes, long targetBytes, long farPoolBytes) {
        this.folder = folder;
        nearPool =
                (EnginePool) EnginePools.create(near, "near", DriveSource.file(folder.resolve("near.img"), POOL_BYTES));
        farPool = (EnginePool) EnginePools.create(
                far, "far", DriveSource.file(folder.resolve("far.img"), farPoolBytes), new FullPool());
        nearPool.create(spec(sizeBytes), null);
        farPool.create(spec(targetBytes), null);
        source = near.export(record(sizeBytes, List.of()), nearPool, nearSocket());
        target = far.export(record(targetBytes, List.of(near.hostNqn())), farPool, farSocket());
        far.keyring((_, _) -> HostTerms.NONE);
        address = listen(far);
    }

    static String listen(EngineDataPlane plane) {
        TcpPort any = new TcpPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Optional.empty());
        return plane.listen(any, new Refusals()).where();
    }

    private VolumeSpec spec(long sizeBytes) {
        return new VolumeSpec(NAME, uuid, sizeBytes, BLOCK_BYTES, false, false, Instant.EPOCH, new byte[] {1, 0});
    }

    private VnvmeRecord record(long sizeBytes, List<String> hosts) {
        return new VnvmeRecord(
                NAME,
                uuid.toString(),
                uuid.toString().replace("-", ""),
                "0011223344556677",
                NQN,
                "1",
                1,
                BLOCK_BYTES,
                "pool",
                sizeBytes,
                false,
                false,
                false,
                null,
                false,
                null,
                "",
                Qos.NONE,
                hosts,
                Access.USUAL,
                null);
    }

    Path nearSocket() {
        return folder.resolve("near.sock");
    }

    Path farSocket() {
        return folder.resolve("far.sock");
    }

    MirrorTarget there() {
        return there(TargetKeys.NONE);
    }

    MirrorTarget there(TargetKeys keys) {
        return new MirrorTarget(List.of(address), NQN, 1, uuid, keys);
    }

    /** From here on the far host answers nothing, and yet is connected, until it is closed. */
    void hang() {
        CountDownLatch goesOn = new CountDownLatch(1);
        CountDownLatch hangs = new CountDownLatch(1);
        hanging.add(goesOn);
        farPool.home().execute(() -> {
            hangs.countDown();
            await(goesOn);
        });
        await(hangs);
    }

    /** The far host is gone, as when its daemon ends. */
    void endFar() {
        hanging.forEach(CountDownLatch::countDown);
        if (!farEnded) {
            farEnded = true;
            far.close();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the volume holds, past whoever uses it. */
    static byte[] content(EnginePool pool) {
        try (VolumeIo io = pool.open(NAME, null)) {
            ByteBuffer all = ByteBuffer.allocate((int) io.sizeBytes());
            for (int from = 0; from < all.capacity(); from += READ_BYTES) {
                io.read(from, all.slice(from, Math.min(READ_BYTES, all.capacity() - from)));
            }
            return all.array();
        }
    }

    @Override
    public void close() {
        near.close();
        endFar();
    }

    /** It may become full. */
    private static final class FullPool implements PoolListener {
        @Override
        public void event(Event event) {
            System.out.println(event.text());
        }

        @Override
        public void replica(UUID drive, boolean stale) {
            throw new IllegalStateException("there is no mirror");
        }
    }

    private static final class Refusals implements HostRefusals {
        @Override
        public void refused(String subsystemNqn, String hostNqn, String peer, String why) {}

        @Override
        public boolean returns(String subsystemNqn, String hostNqn) {
            return false;
        }

        @Override
        public void dropped(String peer, String why) {}
    }
}
