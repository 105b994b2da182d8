package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.reactor.WaitMeter;
import io.vnvme.volume.Volume;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A volume in a pool: the writable layer at the end of its line of snapshots.
 *
 * <p>Most requests lie in one cluster whose blocks this layer has: they go straight down to the drive, moved to where
 * the cluster is. First writes of whole blocks do too, after a cluster was allocated; what they wrote counts when they
 * have ended. Everything else is a {@link SplitIo}.
 */
public final class PoolVolume implements Volume {
    private final Pool pool;
    private final BlockLocks locks = new BlockLocks();
    private final WaitMeter space = new WaitMeter();
    /** Requests that wait: for a lock, for a snapshot being made. */
    private ArrayDeque<Io> parked = new ArrayDeque<>();
    /** The same of those who have to look where they write before they do. */
    private ArrayDeque<Runnable> waiting = new ArrayDeque<>();

    private Layer layer;
    private LayerMap map;
    private long reservation;
    private int writesInFlight;
    /** Clusters that may be empty, and are given back when the writes have ended that were under way then. */
    private Set<Long> emptied = new HashSet<>();
    /** The same, of a later time: they wait for their turn to wait. */
    private Set<Long> emptiedSince = new HashSet<>();

    private boolean emptiedWaits;
    private boolean closed;
    private boolean wasWritten;
    private boolean writesLost;
    /** Blocks were given up, here or below, and this may not be durable. */
    private boolean gaveUp;

    private @Nullable Runnable whenQuiet;
    private @Nullable GuardedVolume guard;

    PoolVolume(Pool pool, Layer layer) {
        this.pool = pool;
        this.layer = layer;
        this.map = layer.map();
        reserve();
    }

    Layer layer() {
        return layer;
    }

    /** What stands between this volume and its users; null when it needs nothing, or is locked. */
    @Nullable
    GuardedVolume guard() {
        return guard;
    }

    void guard(@Nullable GuardedVolume newGuard) {
        guard = newGuard;
    }

    BlockLocks locks() {
        return locks;
    }

    @Override
    public WaitMeter space() {
        return space;
    }

    /** Writes go to another layer from now on. */
    void layer(Layer newLayer) {
        layer = newLayer;
        map = newLayer.map();
        emptied.clear();
        emptiedSince.clear();
        reserve();
    }

    /** Sets aside what a thick volume has not got yet. */
    void reserve() {
        long wanted = layer.record().thick() && !closed ? Math.max(0, layer.lengthClusters() - map.clusterCount()) : 0;
        pool.space().reserve(wanted - reservation);
        reservation = wanted;
    }

    /** Clusters that are kept for this volume alone. */
    long reservation() {
        return reservation;
    }

    public String name() {
        return layer.record().name();
    }

    public LayerRecord record() {
        return layer.record();
    }

    @Override
    public long sizeBytes() {
        return layer.record().sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return Math.min(layer.record().blockSizeBytes(), 512);
    }

    /** A block of the map, whatever the drives could do: a write to a part of one may have to read the rest. */
    @Override
    public int physicalBlockBytes() {
        return Geometry.BLOCK_BYTES;
    }

    /** A cluster is what is allocated at once, and what lies in one piece. */
    @Override
    public int optimalWriteBytes() {
        return Geometry.CLUSTER_BYTES;
    }

    /** What is written is durable with a FLUSH: the map is written lazily even where the drive has no cache. */
    @Override
    public boolean volatileWriteCache() {
        return true;
    }

    @Override
    public boolean synchronous() {
        return pool.sets().synchronous();
    }

    @Override
    public int submit(Io io) {
        if (closed) {
            return IoStatus.GONE;
        }
        return switch (io.operation()) {
            case Io.READ -> read(io);
            case Io.WRITE -> write(io);
            case Io.FLUSH -> flush(io);
            case Io.WRITE_ZEROES, Io.DEALLOCATE ->
                pool.stopped() ? IoStatus.WRITE_ERROR : pool.discard().run(this, io);
            default -> IoStatus.UNSUPPORTED;
        };
    }

    private int flush(Io io) {
        if (writesLost) {
            writesLost = false;
            return IoStatus.WRITE_ERROR;
        }
        return pool.flush(io);
    }

    /**
     * Writes that had ended may be lost: the drive went away with its cache and came back. The next FLUSH says so, or the
     * host would take for durable what is not there.
     */
    public void writesLost() {
        writesLost = true;
    }

    /** True when something was written since the pool was opened. */
    public boolean wasWritten() {
        return wasWritten;
    }

    private int read(Io io) {
        int within = (int) (io.offsetBytes() & (Geometry.CLUSTER_BYTES - 1));
        if (within + io.lengthBytes() <= Geometry.CLUSTER_BYTES && io.lengthBytes() > 0) {
            long entry = map.entry(io.offsetBytes() >>> Geometry.CLUSTER_SHIFT);
            if (Entry.hasWritten(entry, Entry.blocks(within, (int) io.lengthBytes()))) {
                long cluster = Entry.cluster(entry);
                PoolSet set = pool.sets().of(cluster);
                io.moveTo(set.offset(cluster) + within);
                return set.drive().synchronous() ? set.drive().submit(io) : launch(io, set, false, 0, 0);
            }
        }
        return pool.split().read(this, io);
    }

    private int write(Io io) {
        if (pool.stopped()) {
            return IoStatus.WRITE_ERROR;
        }
        if (blocked(io)) {
            return park(io);
        }
        int within = (int) (io.offsetBytes() & (Geometry.CLUSTER_BYTES - 1));
        if (within + io.lengthBytes() > Geometry.CLUSTER_BYTES || io.lengthBytes() <= 0) {
            return pool.split().write(this, io);
        }
        long index = io.offsetBytes() >>> Geometry.CLUSTER_SHIFT;
        int blocks = Entry.blocks(within, (int) io.lengthBytes());
        long entry = map.entry(index);
        int newBlocks = 0;
        if (!Entry.hasWritten(entry, blocks)) {
            if (((within | io.lengthBytes()) & (Geometry.BLOCK_BYTES - 1)) != 0) {
                return pool.split().write(this, io);
            }
            if (pool.crowded()) {
                return pool.hold(this, io);
            }
            newBlocks = blocks;
            firstWriteBegins(index);
            if (!Entry.mapped(entry)) {
                entry = allocate(index, entry);
                if (!Entry.mapped(entry)) {
                    return pool.hold(this, io);
                }
            }
        }
        wasWritten = true;
        long cluster = Entry.cluster(entry);
        PoolSet set = pool.sets().of(cluster);
        io.moveTo(set.offset(cluster) + within);
        if (!set.drive().synchronous()) {
            return launch(io, set, true, index, newBlocks);
        }
        int status = set.drive().submit(io);
        if (status == IoStatus.OK) {
            set.written();
            if (newBlocks != 0) {
                written(index, newBlocks);
            }
            return forced(io);
        } else if (newBlocks != 0) {
            emptied(index);
        }
        return status;
    }

    private int launch(Io io, PoolSet set, boolean writes, long index, int newBlocks) {
        Flight flight = pool.flight();
        flight.begin(this, io, set, writes, index, newBlocks);
        int status = set.drive().submit(io);
        if (status == IoStatus.PENDING) {
            return status;
        }
        flight.settleInside(io, status);
        pool.recycle(flight);
        return writes && status == IoStatus.OK ? forced(io) : status;
    }

    /**
     * A write has ended. With Force Unit Access it waits for the maps as well: though the block was written before, it may
     * be that only memory knows so far.
     */
    private int forced(Io io) {
        return io.forceUnitAccess() && !pool.mapsDurable() ? pool.flush(io) : IoStatus.OK;
    }

    /** Gives the cluster index a cluster, none of whose blocks count yet. @return the entry, unmapped without space */
    long allocate(long index, long entry) {
        long cluster = pool.allocate(reservation);
        if (cluster < 0) {
            return entry;
        }
        if (reservation > 0) {
            reservation--;
            pool.space().reserve(-1);
        }
        long mapped = Entry.of(cluster, 0, Entry.zeroed(entry));
        map.set(index, mapped);
        return mapped;
    }

    /** The blocks of a cluster were written. */
    void written(long index, int blocks) {
        if (blocks != 0) {
            map.set(index, Entry.withWritten(map.entry(index), blocks));
            pool.changed();
        }
    }

    /**
     * The cluster may hold no block that counts any more: it is given back once no write to it can be under way.
     *
     * <p>A write that was allocated the cluster and has not ended would else end in a cluster that is another's.
     */
    void emptied(long index) {
        if (closed) {
            return;
        }
        if (writesInFlight == 0 || pool.drain().inFlight() == 0) {
            giveBack(index);
            return;
        }
        emptiedSince.add(index);
        if (!emptiedWaits) {
            waitForEmptied();
        }
    }

    private void waitForEmptied() {
        Set<Long> none = emptied;
        emptied = emptiedSince;
        emptiedSince = none;
        emptiedWaits = true;
        pool.drain().afterPresent(this::giveBackEmptied);
    }

    /** Writes to these clusters that were under way have ended, and none has begun since, or they would not be here. */
    private void giveBackEmptied() {
        emptiedWaits = false;
        giveBackAll(emptied);
        if (!emptiedSince.isEmpty()) {
            waitForEmptied();
        }
    }

    private void giveBackAll(Set<Long> due) {
        if (!closed) {
            due.forEach(this::giveBack);
        }
        due.clear();
    }

    /** A write that is the first one of its blocks begins: its cluster is not to be given back. */
    void firstWriteBegins(long index) {
        if (emptiedWaits) {
            emptied.remove(index);
            emptiedSince.remove(index);
        }
    }

    private void giveBack(long index) {
        if (locks.intersects(index << 4, (index + 1) << 4)) {
            // Somebody copies it just now: it is looked at again when it is unlocked.
            return;
        }
        long entry = map.entry(index);
        if (Entry.mapped(entry) && Entry.written(entry) == 0) {
            map.set(index, Entry.unmapped(entry));
            pool.space().free(Entry.cluster(entry));
            pool.changed();
            if (layer.record().thick()) {
                reserve();
            }
        }
    }

    private boolean blocked(Io io) {
        return !(locks.isEmpty() && whenQuiet == null)
                && blocked(
                        io.offsetBytes() >>> Geometry.BLOCK_SHIFT,
                        (io.offsetBytes() + io.lengthBytes() + Geometry.BLOCK_BYTES - 1) >>> Geometry.BLOCK_SHIFT);
    }

    /** Whether the blocks may not be changed at the moment; {@code end} is not one of them. */
    boolean blocked(long first, long end) {
        return whenQuiet != null || locks.intersects(first, end);
    }

    /** The blocks of a cluster, a bit each, read zeros from now on; the cluster is given back when it is empty. */
    void unmap(long index, int blocks) {
        long entry = map.entry(index);
        int below = blocks & layer.overlapping(index);
        int hide = below == 0 ? 0 : below & Resolver.writtenBelow(layer, index);
        long changed = Entry.withZeroed(Entry.withZeroed(entry, blocks, false), hide, true);
        if (changed == entry) {
            return;
        }
        map.set(index, changed);
        wasWritten = true;
        gaveUp = true;
        pool.changed();
        if (Entry.mapped(changed) && Entry.written(changed) == 0) {
            emptied(index);
        }
    }

    /** Whether after a crash blocks may count as written that are not any more: what lies in their place is theirs again. */
    boolean mayReturn() {
        gaveUp = gaveUp && !pool.mapsDurable();
        return gaveUp;
    }

    LayerMap map() {
        return map;
    }

    /** The request waits until something is unlocked. */
    int park(Io io) {
        parked.add(io);
        return IoStatus.PENDING;
    }

    void unlock(long first, long end) {
        locks.unlock(first, end);
        long entry = closed ? Entry.NONE : map.entry(first >>> 4);
        if (Entry.mapped(entry) && Entry.written(entry) == 0) {
            emptied(first >>> 4);
        }
        resume();
    }

    /** Runs {@code then} when blocks that are {@link #blocked} may not be any more. */
    void whenUnblocked(Runnable then) {
        waiting.add(then);
    }

    private void wakeWaiting() {
        if (waiting.isEmpty()) {
            return;
        }
        ArrayDeque<Runnable> awake = waiting;
        waiting = new ArrayDeque<>();
        awake.forEach(Runnable::run);
    }

    /** Lets everything that waits try again. */
    private void resume() {
        if (whenQuiet != null) {
            return;
        }
        wakeWaiting();
        if (parked.isEmpty()) {
            return;
        }
        ArrayDeque<Io> again = parked;
        parked = new ArrayDeque<>();
        for (Io io = again.poll(); io != null; io = again.poll()) {
            resubmit(io);
        }
    }

    /** A request that waited, and was told to be pending, goes its way. */
    void resubmit(Io io) {
        int status = submit(io);
        if (status != IoStatus.PENDING) {
            io.complete(status);
        }
    }

    void writeBegins() {
        wasWritten = true;
        writesInFlight++;
    }

    void writeEnds() {
        writesInFlight--;
        quietNow();
    }

    /** Holds up new writes, and runs {@code action} when none is under way. One at a time. */
    void quiesce(Runnable action) {
        if (whenQuiet != null) {
            throw new IllegalStateException("volume %s is held up already".formatted(name()));
        }
        whenQuiet = action;
        quietNow();
    }

    private void quietNow() {
        Runnable action = whenQuiet;
        if (action != null && writesInFlight == 0) {
            // Taken first: whoever is told at the end of the action may want the next one at once.
            whenQuiet = null;
            // No write is under way; and after the action the map may be a snapshot's, which nobody looks at again.
            giveBackAll(emptied);
            giveBackAll(emptiedSince);
            try {
                action.run();
            } finally {
                resume();
            }
        }
    }

    /** No more I/O: what waits is told, and what comes. */
    void close() {
        closed = true;
        forgetKey();
        reserve();
        ArrayDeque<Io> waiting = parked;
        parked = new ArrayDeque<>();
        for (Io io = waiting.poll(); io != null; io = waiting.poll()) {
            io.complete(IoStatus.GONE);
        }
        wakeWaiting();
    }

    /** The key of an encrypted volume is not needed any more. */
    void forgetKey() {
        GuardedVolume with = guard;
        if (with != null) {
            with.close();
        }
    }

    boolean closed() {
        return closed;
    }
}
