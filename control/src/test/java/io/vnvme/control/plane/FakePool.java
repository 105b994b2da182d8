package io.vnvme.control.plane;

import static java.util.Objects.requireNonNull;

import io.vnvme.control.model.DiffRange;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.store.ScrubMark;
import io.vnvme.crypto.VolumeKey;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A pool in memory: layers whose written clusters are counted, and their bytes. */
public final class FakePool implements OpenPool {
    private static final int CLUSTER_BYTES = 64 << 10;

    private static final class Layer {
        String name;
        final UUID id;

        @Nullable
        String parent;

        long sizeBytes;
        final VolumeSpec spec;
        byte[] attributes;
        final TreeMap<Long, byte[]> clusters = new TreeMap<>();

        Layer(String name, UUID id, @Nullable String parent, long sizeBytes, VolumeSpec spec) {
            this.name = name;
            this.id = id;
            this.parent = parent;
            this.sizeBytes = sizeBytes;
            this.spec = spec;
            this.attributes = spec.attributes();
        }
    }

    volatile FakeDataPlane plane;
    private final PoolPlan plan;
    private final List<List<UUID>> sets;
    private final Map<String, Layer> layers = Collections.synchronizedMap(new LinkedHashMap<>());
    public volatile long heldWriteCount;
    public volatile @Nullable String doubt;
    public volatile long holdMillis = 30L * 60 * 1000;
    public volatile long usedBytes;
    public volatile boolean closed;
    /** It cannot say what is in it. */
    public volatile boolean unreadable;
    /** It cannot say what space anything takes. */
    public volatile boolean silent;
    /** How often somebody asked what is in it, or what that takes. */
    public final AtomicInteger questions = new AtomicInteger();
    /** Reads and writes of volumes by the control plane wait for one each. */
    public volatile Semaphore permits = new Semaphore(Integer.MAX_VALUE);
    /** How many writes there were. */
    public final AtomicInteger writes = new AtomicInteger();
    /** How many copies of its snapshots were begun. */
    public final AtomicInteger snapshotCopies = new AtomicInteger();
    /** What it remembers of its drives after a restart. */
    public volatile Map<UUID, String> remembered = Map.of();
    /** Where the last scrub began. */
    public volatile Optional<ScrubMark> scrubbedFrom = Optional.empty();
    /** Done first, when somebody asks what it remembers. */
    public volatile Runnable whenReminded = () -> {};
    /** Done first, whenever somebody asks what is in it. */
    public volatile Runnable whenAsked = () -> {};
    /** Long work waits for this before it goes on. */
    public volatile CountDownLatch gate = new CountDownLatch(0);

    FakePool(FakeDataPlane plane, PoolPlan plan) {
        this.plane = plane;
        this.plan = plan;
        this.sets = new CopyOnWriteArrayList<>(plan.sets());
    }

    DriveLook.PoolIdentity identity() {
        List<DriveLook.Member> members = new ArrayList<>();
        for (int set = 0; set < sets.size(); set++) {
            for (UUID drive : sets.get(set)) {
                members.add(new DriveLook.Member(drive, set));
            }
        }
        return new DriveLook.PoolIdentity(plan.id(), plan.name(), plan.layout(), members);
    }

    @Override
    public UUID id() {
        return plan.id();
    }

    @Override
    public String name() {
        return plan.name();
    }

    @Override
    public PoolFacts facts() {
        long size = sets.stream()
                .mapToLong(set -> set.stream()
                        .mapToLong(d -> Optional.ofNullable(plane.open.get(d))
                                .map(disk -> disk.sizeBytes)
                                .orElse(Long.MAX_VALUE))
                        .min()
                        .orElse(0))
                .sum();
        List<PoolFacts.Member> members = identity().members().stream()
                .map(m ->
                        new PoolFacts.Member(m.drive(), m.set(), plane.open.containsKey(m.drive()) ? "ok" : "missing"))
                .toList();
        return new PoolFacts(
                plan.layout(), size, usedBytes, 0, heldWriteCount, holdMillis, members, Optional.ofNullable(doubt));
    }

    @Override
    public List<LayerFacts> layers() {
        if (unreadable) {
            throw new IllegalStateException("its volume table says nothing");
        }
        questions.incrementAndGet();
        whenAsked.run();
        synchronized (layers) {
            return layers.values().stream()
                    .map(l -> new LayerFacts(
                            l.name,
                            l.id,
                            Optional.ofNullable(l.parent),
                            l.sizeBytes,
                            l.spec.blockSizeBytes(),
                            l.spec.thick(),
                            l.spec.checksum(),
                            l.spec.createdAt(),
                            l.attributes,
                            Optional.empty()))
                    .toList();
        }
    }

    private Layer require(String name) {
        return requireNonNull(layers.get(name), name);
    }

    @Override
    public Map<String, LayerUsage> usages(List<String> names) {
        if (silent) {
            throw new ProblemException(ProblemCode.POOL_UNAVAILABLE, "its drives do not answer");
        }
        questions.incrementAndGet();
        Map<String, LayerUsage> found = new HashMap<>();
        for (String name : names) {
            Layer layer = layers.get(name);
            if (layer != null) {
                long used = (long) layer.clusters.size() * CLUSTER_BYTES;
                found.put(name, new LayerUsage(used, 0, used));
            }
        }
        return found;
    }

    @Override
    public void create(VolumeSpec spec, @Nullable VolumeKey key) {
        plane.mayFail("create");
        layers.put(spec.name(), new Layer(spec.name(), spec.id(), null, spec.sizeBytes(), spec));
    }

    @Override
    public void unlock(String volume, VolumeKey key) {
        plane.mayFail("unlock");
    }

    @Override
    public void snapshot(String volume, String snapshot, UUID newId, Instant takenAt) {
        plane.mayFail("snapshot");
        Layer from = require(volume);
        Layer kept = new Layer(snapshot, newId, from.parent, from.sizeBytes, from.spec);
        kept.attributes = from.attributes;
        from.clusters.forEach((at, bytes) -> kept.clusters.put(at, bytes.clone()));
        layers.put(snapshot, kept);
        from.parent = snapshot;
    }

    @Override
    public VolumeMove copySnapshot(String snapshot, Optional<String> since, OpenPool target, String volume) {
        plane.mayFail("copySnapshot");
        snapshotCopies.incrementAndGet();
        return new FakeMove(plane);
    }

    @Override
    public void cloneOf(String source, String name, UUID id, byte[] attributes) {
        Layer from = require(source);
        Layer made = new Layer(name, id, source, from.sizeBytes, from.spec);
        made.attributes = attributes;
        from.clusters.forEach((at, bytes) -> made.clusters.put(at, bytes.clone()));
        layers.put(name, made);
    }

    @Override
    public void remove(String name) {
        plane.mayFail("remove");
        Layer gone = requireNonNull(layers.remove(name), name);
        synchronized (layers) {
            layers.values().stream().filter(l -> name.equals(l.parent)).forEach(l -> l.parent = gone.parent);
        }
    }

    @Override
    public void rollback(String volume, String snapshot) {
        plane.mayFail("rollback");
        Layer layer = require(volume);
        layer.parent = snapshot;
        layer.sizeBytes = require(snapshot).sizeBytes;
        layer.clusters.clear();
        layer.clusters.putAll(require(snapshot).clusters);
    }

    @Override
    public void rename(String volume, String name) {
        plane.mayFail("rename");
        Layer layer = requireNonNull(layers.remove(volume));
        layer.name = name;
        layers.put(name, layer);
        for (String snapshot : List.copyOf(layers.keySet())) {
            if (snapshot.startsWith(volume + "@")) {
                Layer moved = requireNonNull(layers.remove(snapshot));
                moved.name = name + snapshot.substring(volume.length());
                layers.put(moved.name, moved);
            }
        }
    }

    @Override
    public void resize(String volume, long sizeBytes, boolean shrink) {
        plane.mayFail("resize");
        Layer layer = require(volume);
        Long last = layer.clusters.isEmpty() ? null : layer.clusters.lastKey();
        if (last != null && last * CLUSTER_BYTES >= sizeBytes) {
            throw new ProblemException(ProblemCode.TAIL_HOLDS_DATA, "there is data beyond the new end");
        }
        layer.sizeBytes = sizeBytes;
    }

    @Override
    public void setAttributes(String volume, byte[] attributes) {
        require(volume).attributes = attributes;
    }

    @Override
    public List<DiffRange> diff(Optional<String> from, String to) {
        return require(to).clusters.keySet().stream()
                .map(c -> new DiffRange(c * CLUSTER_BYTES, CLUSTER_BYTES, "data"))
                .toList();
    }

    public VolumeIo open(String name) {
        return open(name, null);
    }

    @Override
    public VolumeIo open(String name, @Nullable VolumeKey key) {
        Layer layer = require(name);
        return new VolumeIo() {
            @Override
            public long sizeBytes() {
                return layer.sizeBytes;
            }

            @Override
            public void read(long offsetBytes, ByteBuffer target) {
                permits.acquireUninterruptibly();
                long at = offsetBytes;
                while (target.hasRemaining()) {
                    byte[] cluster = layer.clusters.getOrDefault(at / CLUSTER_BYTES, new byte[CLUSTER_BYTES]);
                    int within = (int) (at % CLUSTER_BYTES);
                    int length = Math.min(target.remaining(), CLUSTER_BYTES - within);
                    target.put(cluster, within, length);
                    at += length;
                }
            }

            @Override
            public void write(long offsetBytes, ByteBuffer source) {
                plane.mayFail("write");
                permits.acquireUninterruptibly();
                writes.incrementAndGet();
                long at = offsetBytes;
                while (source.hasRemaining()) {
                    byte[] cluster = layer.clusters.computeIfAbsent(at / CLUSTER_BYTES, _ -> new byte[CLUSTER_BYTES]);
                    int within = (int) (at % CLUSTER_BYTES);
                    int length = Math.min(source.remaining(), CLUSTER_BYTES - within);
                    source.get(cluster, within, length);
                    at += length;
                }
            }

            @Override
            public void deallocate(long offsetBytes, long lengthBytes) {
                layer.clusters
                        .subMap(offsetBytes / CLUSTER_BYTES, (offsetBytes + lengthBytes) / CLUSTER_BYTES)
                        .clear();
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    @Override
    public void holdWrites(long milliseconds) {
        plane.mayFail("holdWrites");
        holdMillis = milliseconds;
    }

    @Override
    public void grow(List<List<UUID>> added) {
        plane.mayFail("grow");
        sets.addAll(added);
    }

    private void work(Progress progress) {
        // Of this work alone: what begins after a crash is not held up by what the crash left.
        CountDownLatch own = gate;
        try {
            progress.at(1, 4);
            while (!own.await(5, TimeUnit.MILLISECONDS)) {
                if (progress.cancelled()) {
                    throw new CancellationException();
                }
            }
            progress.at(4, 4);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void shrink(UUID drive, Progress progress) {
        work(progress);
        sets.removeIf(set -> set.contains(drive));
    }

    @Override
    public void replace(UUID old, UUID replacement, Progress progress) {
        work(progress);
        sets.replaceAll(
                set -> set.stream().map(d -> d.equals(old) ? replacement : d).toList());
    }

    @Override
    public void rejoin(UUID drive, Progress progress) {
        work(progress);
    }

    @Override
    public Map<UUID, String> interrupted() {
        whenReminded.run();
        return remembered;
    }

    @Override
    public String scrub(Optional<ScrubMark> from, Progress progress, Consumer<ScrubMark> marks) {
        scrubbedFrom = from;
        marks.accept(new ScrubMark(7, 1, 1, 42, 3, 2, 0, 0, List.of()));
        work(progress);
        return "nothing is wrong";
    }

    @Override
    public void close() {
        closed = true;
        doubt = null; // what is opened next begins anew
    }
}
