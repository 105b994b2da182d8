package io.vnvme.pool;

import io.vnvme.drive.IoStatus;
import io.vnvme.pool.PoolException.Reason;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.LayerRecord.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What people do to volumes and snapshots. On the pool's reactor; one operation after the other, each told when it is
 * durable. One that is refused has changed nothing.
 */
public final class PoolOperations {
    /** A catalog has 16 MiB: what is near that takes no more. */
    private static final long CATALOG_BYTES_MAX = 15L << 20;

    private record Operation(Runnable action, Done done) {}

    private final Pool pool;
    private final ArrayDeque<Operation> waiting = new ArrayDeque<>();
    private boolean busy;

    PoolOperations(Pool pool) {
        this.pool = pool;
    }

    /** All volumes and snapshots, by rising layer id: the order of their making. */
    public List<LayerRecord> list() {
        List<LayerRecord> named = new ArrayList<>();
        for (Layer layer : pool.layers().all()) {
            if (!layer.hidden()) {
                named.add(layer.record());
            }
        }
        return named;
    }

    /** @throws PoolException when there is no such volume */
    public PoolVolume volume(String name) {
        PoolVolume volume = pool.volumes().get(name);
        if (volume == null) {
            throw new PoolException(Reason.NO_SUCH_NAME, "there is no volume %s".formatted(name));
        }
        return volume;
    }

    /** Counts the space of a volume or snapshot, in slices. */
    public void usage(String name, Consumer<PoolUsage> result, Done done) {
        walk(done, () -> new UsageWalk(pool, pool.layers().require(name), result, done));
    }

    /**
     * Finds the ranges in which {@code newer} may read differently from {@code older}, in slices; both are volumes or
     * snapshots. Exact to 4 KiB for snapshots of one line, which never change.
     */
    public void diff(String older, String newer, RangeSink sink, Done done) {
        walk(
                done,
                () -> new DiffWalk(
                        pool, pool.layers().require(older), pool.layers().require(newer), sink, done));
    }

    /** Finds the ranges of a volume or snapshot that have data, in slices; all else reads zeros. */
    public void data(String name, RangeSink sink, Done done) {
        walk(done, () -> new DiffWalk(pool, null, pool.layers().require(name), sink, done));
    }

    private void walk(Done done, Supplier<Walk> made) {
        Walk walk;
        try {
            walk = made.get();
        } catch (PoolException refused) {
            done.done(refused);
            return;
        }
        pool.walk(walk);
    }

    /** Makes a volume that reads zeros. */
    public void create(VolumeSpec spec, Done done) {
        run(done, finished -> {
            requireFree(spec.name(), false);
            requireSize(spec.sizeBytes());
            if (spec.attributes().length > LayerRecord.ATTRIBUTE_BYTES_MAX) {
                throw new PoolException(Reason.UNSUITABLE, "the attributes are too long");
            }
            if (spec.thick()) {
                requireSpace(clusters(spec.sizeBytes()));
            }
            add(new LayerRecord(
                    pool.layers().takeId(),
                    0,
                    Kind.VOLUME,
                    spec.name(),
                    spec.thick(),
                    spec.checksums(),
                    spec.blockSizeBytes(),
                    spec.sizeBytes(),
                    0,
                    spec.uuid(),
                    spec.createdAtMillis(),
                    spec.attributes()));
            finished.run();
        });
    }

    /** Keeps the volume as it is now under {@code NAME@SNAP}: all writes that have ended, none that begins later. */
    public void snapshot(String name, String snap, UUID uuid, long createdAtMillis, Done done) {
        run(done, finished -> {
            PoolVolume volume = volume(name);
            String full = name + "@" + snap;
            requireFree(full, true);
            LayerRecord record = volume.record();
            if (record.thick()) {
                // The snapshot keeps what is there, and the volume may write all of it anew.
                requireSpace(clusters(record.sizeBytes()) - volume.reservation());
            }
            volume.quiesce(() -> {
                LayerRecord now = volume.record();
                int head = pool.layers().takeId();
                put(new LayerRecord(
                        now.id(),
                        now.parent(),
                        Kind.SNAPSHOT,
                        full,
                        now.thick(),
                        now.checksums(),
                        now.blockSizeBytes(),
                        now.sizeBytes(),
                        now.overlapBytes(),
                        uuid,
                        createdAtMillis,
                        now.attributes()));
                volume.layer(put(new LayerRecord(
                        head,
                        now.id(),
                        Kind.VOLUME,
                        now.name(),
                        now.thick(),
                        now.checksums(),
                        now.blockSizeBytes(),
                        now.sizeBytes(),
                        now.sizeBytes(),
                        now.uuid(),
                        now.createdAtMillis(),
                        now.attributes())));
                finished.run();
            });
        });
    }

    /** Makes a volume that begins with what a snapshot has. */
    public void clone(String source, String name, UUID uuid, long createdAtMillis, Done done) {
        run(done, finished -> {
            LayerRecord from = requireSnapshot(source).record();
            requireFree(name, false);
            add(new LayerRecord(
                    pool.layers().takeId(),
                    from.id(),
                    Kind.VOLUME,
                    name,
                    false,
                    from.checksums(),
                    from.blockSizeBytes(),
                    from.sizeBytes(),
                    from.sizeBytes(),
                    uuid,
                    createdAtMillis,
                    from.attributes()));
            finished.run();
        });
    }

    /**
     * Makes a volume what one of its snapshots is. Other snapshots stay. Who writes meanwhile waits; reads that are under
     * way may see what was before.
     */
    public void rollback(String name, String snap, Done done) {
        run(done, finished -> {
            PoolVolume volume = volume(name);
            LayerRecord from = requireSnapshot(name + "@" + snap).record();
            if (volume.record().thick()) {
                requireSpace(clusters(from.sizeBytes()) - volume.reservation());
            }
            volume.quiesce(() -> {
                LayerRecord old = volume.record();
                int head = pool.layers().takeId();
                put(old.as(Kind.HIDDEN, ""));
                volume.layer(put(new LayerRecord(
                        head,
                        from.id(),
                        Kind.VOLUME,
                        old.name(),
                        old.thick(),
                        from.checksums(),
                        old.blockSizeBytes(),
                        from.sizeBytes(),
                        from.sizeBytes(),
                        old.uuid(),
                        old.createdAtMillis(),
                        old.attributes())));
                finished.run();
            });
        });
    }

    /** Removes a volume or a snapshot. What clones and other snapshots need stays; the space comes back by and by. */
    public void remove(String name, Done done) {
        run(done, finished -> {
            Layer layer = pool.layers().require(name);
            PoolVolume volume = pool.volumes().get(name);
            if (volume == null) {
                put(layer.record().as(Kind.HIDDEN, ""));
                finished.run();
                return;
            }
            volume.quiesce(() -> {
                pool.closeVolume(volume);
                pool.volumes().remove(name);
                pool.housekeeping().bury(volume.layer());
                finished.run();
            });
        });
    }

    /** Gives a volume and its snapshots, or one snapshot, another name. */
    public void rename(String from, String to, Done done) {
        run(done, finished -> {
            Layer layer = pool.layers().require(from);
            boolean snapshot = layer.record().kind() == Kind.SNAPSHOT;
            requireFree(to, snapshot);
            if (snapshot && !to.substring(0, to.indexOf('@')).equals(from.substring(0, from.indexOf('@')))) {
                throw new PoolException(Reason.BAD_NAME, "a snapshot stays with its volume: %s".formatted(from));
            }
            if (!snapshot) {
                requireOneBatch(from);
                for (Layer other : pool.layers().snapshotsOf(from)) {
                    put(other.record()
                            .as(Kind.SNAPSHOT, to + other.record().name().substring(from.length())));
                }
                PoolVolume volume = volume(from);
                pool.volumes().remove(from);
                pool.volumes().put(to, volume);
            }
            put(layer.record().as(layer.record().kind(), to));
            finished.run();
        });
    }

    /**
     * Gives a volume another size.
     *
     * @param shrink whether it may become smaller; what lies beyond must read zeros
     */
    public void resize(String name, long sizeBytes, boolean shrink, Done done) {
        run(done, finished -> {
            PoolVolume volume = volume(name);
            requireSize(sizeBytes);
            LayerRecord record = volume.record();
            if (sizeBytes < record.sizeBytes() && !shrink) {
                throw new PoolException(
                        Reason.BAD_SIZE,
                        "volume %s has %d bytes: making it smaller has to be asked for"
                                .formatted(name, record.sizeBytes()));
            }
            if (record.thick() && sizeBytes > record.sizeBytes()) {
                requireSpace(clusters(sizeBytes) - clusters(record.sizeBytes()));
            }
            volume.quiesce(() -> {
                try {
                    if (sizeBytes < volume.record().sizeBytes()) {
                        cutTail(volume, sizeBytes);
                    }
                } catch (PoolException refused) {
                    // This may be the end of a guest's write, which must not learn of it.
                    ended(done, refused);
                    return;
                }
                LayerRecord now = volume.record();
                put(now.sized(sizeBytes, Math.min(now.overlapBytes(), sizeBytes)));
                volume.reserve();
                finished.run();
            });
        });
    }

    /** What the owner keeps with a volume or snapshot. */
    public byte[] attributes(String name) {
        return pool.layers().require(name).record().attributes();
    }

    /** Keeps other attributes with a volume or snapshot: made of those that it has when its turn comes. */
    public void attributes(String name, UnaryOperator<byte[]> change, Done done) {
        attributes(() -> pool.layers().require(name).record(), change, done);
    }

    /** The same with a volume, whatever it is called when its turn comes. */
    public void attributes(UUID volume, UnaryOperator<byte[]> change, Done done) {
        attributes(() -> volume(volume).record(), change, done);
    }

    private PoolVolume volume(UUID uuid) {
        return pool.volumes().values().stream()
                .filter(volume -> volume.record().uuid().equals(uuid))
                .findFirst()
                .orElseThrow(() -> new PoolException(Reason.NO_SUCH_NAME, "there is no volume %s".formatted(uuid)));
    }

    private void attributes(Supplier<LayerRecord> found, UnaryOperator<byte[]> change, Done done) {
        run(done, finished -> {
            LayerRecord record = found.get();
            byte[] attributes = change.apply(record.attributes());
            if (attributes.length > LayerRecord.ATTRIBUTE_BYTES_MAX) {
                throw new PoolException(Reason.UNSUITABLE, "the attributes are too long");
            }
            put(record.withAttributes(attributes));
            finished.run();
        });
    }

    /**
     * Sets how long writes wait for space before they fail, for those too that wait now; the pool keeps it.
     *
     * @param milliseconds 0: not at all; {@link Long#MAX_VALUE}: until there is space
     */
    public void holdWrites(long milliseconds, Done done) {
        run(done, finished -> {
            pool.holdMillis(milliseconds);
            finished.run();
        });
    }

    private void cutTail(PoolVolume volume, long sizeBytes) {
        Layer layer = volume.layer();
        long firstBlock = sizeBytes >>> Geometry.BLOCK_SHIFT;
        long endBlock = layer.record().sizeBytes() >>> Geometry.BLOCK_SHIFT;
        for (Layer below = layer; below != null; below = below.parent()) {
            for (long index = below.map().next(firstBlock >>> 4); index <= (endBlock - 1) >>> 4; ) {
                for (long block = Math.max(firstBlock, index << 4);
                        block < Math.min(endBlock, (index + 1) << 4);
                        block++) {
                    if (Resolver.resolve(layer, block) != Resolver.ZERO) {
                        throw new PoolException(
                                Reason.NOT_EMPTY,
                                "volume %s has data at byte %d, behind its new end: discard it in the guest first"
                                        .formatted(volume.name(), block << Geometry.BLOCK_SHIFT));
                    }
                }
                index = below.map().next(index + 1);
            }
        }
        for (long index = layer.map().next(firstBlock >>> 4); index <= (endBlock - 1) >>> 4; ) {
            long entry = layer.map().entry(index);
            int kept = index == firstBlock >>> 4 ? (1 << (int) (firstBlock & 15)) - 1 : 0;
            long cut = Entry.withZeroed(entry, Entry.ALL_BLOCKS & ~kept, false);
            if (Entry.mapped(cut) && Entry.written(cut) == 0) {
                pool.space().free(Entry.cluster(cut));
                cut = Entry.unmapped(cut);
            }
            if (cut != entry) {
                layer.map().set(index, cut);
            }
            index = layer.map().next(index + 1);
        }
        pool.changed();
    }

    private void add(LayerRecord record) {
        pool.volumes().put(record.name(), new PoolVolume(pool, put(record)));
    }

    private Layer put(LayerRecord record) {
        pool.catalogChanged();
        return pool.layers().put(record);
    }

    /** An action that calls what it is given when it has changed what it wants to change. */
    private interface Action {
        void run(Runnable finished);
    }

    private void run(Done done, Action action) {
        waiting.add(new Operation(
                () -> action.run(() -> pool.commit()
                        .request(status -> ended(
                                done,
                                status == IoStatus.OK
                                        ? null
                                        : new PoolException(
                                                Reason.STOPPED,
                                                "pool %s has stopped and takes no changes".formatted(pool.name()))))),
                done));
        next();
    }

    /** No operation is under way or waits. */
    boolean idle() {
        return !busy && waiting.isEmpty();
    }

    private void next() {
        while (!busy) {
            Operation operation = waiting.poll();
            if (operation == null) {
                return;
            }
            busy = true;
            try {
                if (pool.stopped() || pool.closing()) {
                    throw new PoolException(
                            Reason.STOPPED,
                            "pool %s takes no changes: it has stopped or is being closed".formatted(pool.name()));
                }
                pool.layers().requireRoom();
                if (pool.catalogBytes() > CATALOG_BYTES_MAX) {
                    throw new PoolException(
                            Reason.NO_SPACE, "pool %s has as many volumes and snapshots as fit".formatted(pool.name()));
                }
                operation.action().run();
            } catch (PoolException refused) {
                ended(operation.done(), refused);
            }
        }
    }

    private void ended(Done done, @Nullable PoolException failure) {
        busy = false;
        done.done(failure);
        next();
    }

    private void requireFree(String name, boolean snapshot) {
        int at = name.indexOf('@');
        boolean wellFormed = snapshot ? at > 0 && at == name.lastIndexOf('@') && at < name.length() - 1 : at < 0;
        if (!wellFormed
                || name.isEmpty()
                || name.getBytes(StandardCharsets.UTF_8).length > LayerRecord.NAME_BYTES_MAX) {
            throw new PoolException(
                    Reason.BAD_NAME, "'%s' is no name for a %s".formatted(name, snapshot ? "snapshot" : "volume"));
        }
        if (pool.layers().byName(name) != null) {
            throw new PoolException(Reason.NAME_TAKEN, "there is a %s already".formatted(name));
        }
        if (!snapshot && !pool.layers().snapshotsOf(name).isEmpty()) {
            throw new PoolException(
                    Reason.NAME_TAKEN,
                    "there are snapshots of a volume %s that was removed: remove them first".formatted(name));
        }
    }

    /** A volume and its snapshots change their names together, which a small journal cannot hold for very many. */
    private void requireOneBatch(String name) {
        long bytes = 0;
        for (Layer layer : pool.layers().snapshotsOf(name)) {
            bytes += Journal.layerBytes(layer.record());
        }
        if (bytes > pool.config().journalBytes() / 8) {
            throw new PoolException(
                    Reason.UNSUITABLE,
                    "%s has too many snapshots to be renamed with them: remove some".formatted(name));
        }
    }

    private Layer requireSnapshot(String name) {
        Layer layer = pool.layers().require(name);
        if (layer.record().kind() != Kind.SNAPSHOT) {
            throw new PoolException(Reason.UNSUITABLE, "%s is no snapshot".formatted(name));
        }
        return layer;
    }

    private static void requireSize(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes % Geometry.BLOCK_BYTES != 0 || sizeBytes > Geometry.VOLUME_BYTES_MAX) {
            throw new PoolException(
                    Reason.BAD_SIZE, "%d bytes: a volume has a multiple of 4096, at most 256 TiB".formatted(sizeBytes));
        }
    }

    private void requireSpace(long clusters) {
        if (pool.available(0) < clusters) {
            throw new PoolException(
                    Reason.NO_SPACE,
                    "pool %s has %d bytes free: setting aside %d more does not fit"
                            .formatted(
                                    pool.name(),
                                    Math.max(0, pool.available(0)) << Geometry.CLUSTER_SHIFT,
                                    clusters << Geometry.CLUSTER_SHIFT));
        }
    }

    private static long clusters(long bytes) {
        return (bytes + Geometry.CLUSTER_BYTES - 1) >>> Geometry.CLUSTER_SHIFT;
    }
}
