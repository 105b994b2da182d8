package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Writes pages of metadata to places of their own: successive ones together, a few writes at a time. */
final class CheckpointWriter {
    /** Writes under way at most; each has a buffer of one cluster. */
    private static final int BUFFERS = 8;

    /** Something that fills a page. */
    interface Source {
        /** @return false when the page is empty and needs no place */
        boolean serialize(MemorySegment target, long at);
    }

    /** Where a page went. */
    record Placed(long numberPlusOne, int checksum) {
        static final Placed NOWHERE = new Placed(0, 0);
    }

    private final Pool pool;
    private final List<MemorySegment> own = new ArrayList<>();
    private final ArrayDeque<MemorySegment> buffers = new ArrayDeque<>();
    private final ArrayDeque<Io> ios = new ArrayDeque<>();
    private MemorySegment buffer = MemorySegment.NULL;
    private long firstPage;
    private int pageCount;
    private int outstanding;
    private int bufferCount;
    private boolean failed;

    CheckpointWriter(Pool pool) {
        this.pool = pool;
    }

    /** Whether another page can be put without waiting. */
    boolean ready() {
        return pageCount > 0 || !buffers.isEmpty() || bufferCount < BUFFERS;
    }

    /** Everything put was written. */
    boolean idle() {
        return pageCount == 0 && outstanding == 0;
    }

    /** A write failed, or there was no place. */
    boolean failed() {
        return failed;
    }

    /** Takes a page; only when {@link #ready}. */
    Placed put(Source source) {
        if (pageCount == 0) {
            buffer = takeBuffer();
        }
        long at = (long) pageCount << Geometry.BLOCK_SHIFT;
        if (!source.serialize(buffer, at)) {
            if (pageCount == 0) {
                buffers.push(buffer);
            }
            return Placed.NOWHERE;
        }
        long number = pool.pages().allocate();
        if (number < 0) {
            failed = true;
            return Placed.NOWHERE;
        }
        if (pageCount > 0 && number != firstPage + pageCount) {
            MemorySegment full = buffer;
            flush();
            buffer = takeBuffer();
            MemorySegment.copy(full, at, buffer, 0, Geometry.BLOCK_BYTES);
            at = 0;
        }
        if (pageCount == 0) {
            firstPage = number;
        }
        pageCount++;
        Placed placed = new Placed(number + 1, Checksum.of(buffer, at, Geometry.BLOCK_BYTES));
        if (pageCount == Geometry.CLUSTER_BLOCKS) {
            flush();
        }
        return placed;
    }

    private MemorySegment takeBuffer() {
        MemorySegment spare = buffers.poll();
        if (spare != null) {
            return spare;
        }
        bufferCount++;
        MemorySegment made = Arena.ofAuto().allocate(Geometry.CLUSTER_BYTES, Geometry.BLOCK_BYTES);
        own.add(made);
        return made;
    }

    /** Writes what was put so far. */
    void flush() {
        if (pageCount == 0) {
            return;
        }
        long cluster = MapPage.cluster(firstPage);
        long length = (long) pageCount << Geometry.BLOCK_SHIFT;
        pageCount = 0;
        write(cluster, MapPage.offsetInCluster(firstPage), buffer, length);
    }

    /** Writes into a cluster of metadata from memory that stays as it is until {@link #idle}. */
    void write(long cluster, int offsetInCluster, MemorySegment memory, long length) {
        PoolSet set = pool.sets().of(cluster);
        Io spare = ios.poll();
        Io io = spare == null ? new Io(this::completed) : spare;
        io.prepare(Io.WRITE, set.offset(cluster) + offsetInCluster, length, false);
        io.data().clear();
        io.data().add(memory, 0, length);
        outstanding++;
        int answer = set.drive().submit(io);
        if (answer != IoStatus.PENDING) {
            completed(io, answer);
        }
    }

    // The buffer is known by its identity: two may have the same content.
    @SuppressWarnings("MemorySegmentReferenceEquality")
    private void completed(Io io, int status) {
        outstanding--;
        failed |= status != IoStatus.OK;
        MemorySegment memory = io.data().memory(0);
        if (own.stream().anyMatch(mine -> mine == memory)) {
            buffers.push(memory);
        }
        io.data().clear();
        ios.push(io);
        // All sets count as unflushed: which one it was is not worth keeping.
        pool.sets().present().forEach(PoolSet::written);
    }
}
