package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request that is not one piece on one drive: read from several clusters, layers or holes, or written to several
 * clusters, or to a part of a block that has to be made whole first. Pooled by its pool.
 */
final class SplitIo implements Commit.Waiter {
    private final Pool pool;
    private final List<Piece> spare = new ArrayList<>();
    private final List<PartialBlock> spareBlocks = new ArrayList<>();
    private final List<PartialBlock> partial = new ArrayList<>(2);
    private final Run pieces = new Run();
    private @Nullable PoolVolume volume;
    private @Nullable Io parent;
    private boolean write;
    private int period;
    private int outstanding;
    private int status;
    /** The submission is over: whoever ends last tells the parent. */
    private boolean detached;

    SplitIo(Pool pool) {
        this.pool = pool;
    }

    private void begin(PoolVolume owner, Io io, boolean writes) {
        volume = owner;
        parent = io;
        write = writes;
        outstanding = 1;
        status = IoStatus.OK;
        detached = false;
        period = pool.drain().enter();
        if (writes) {
            owner.writeBegins();
        }
    }

    private PoolVolume volume() {
        PoolVolume owner = volume;
        if (owner == null) {
            throw new IllegalStateException("a request that has ended");
        }
        return owner;
    }

    private Io parent() {
        Io io = parent;
        if (io == null) {
            throw new IllegalStateException("a request that has ended");
        }
        return io;
    }

    /** @return an {@link IoStatus} */
    int read(PoolVolume owner, Io io) {
        begin(owner, io, false);
        Layer layer = owner.layer();
        pieces.begin(Io.READ);
        long position = 0;
        long length = io.lengthBytes();
        while (position < length) {
            long at = io.offsetBytes() + position;
            long block = at >>> Geometry.BLOCK_SHIFT;
            long within = at & (Geometry.BLOCK_BYTES - 1);
            int blocksLeft = (int) Math.min(
                    Geometry.CLUSTER_BLOCKS,
                    (within + length - position + Geometry.BLOCK_BYTES - 1) >>> Geometry.BLOCK_SHIFT);
            long resolved = Resolver.resolve(layer, block);
            int run = Resolver.run(layer, block, resolved, blocksLeft);
            long bytes = Math.min(((long) run << Geometry.BLOCK_SHIFT) - within, length - position);
            if (resolved == Resolver.ZERO) {
                io.data().zero(position, bytes);
            } else {
                pieces.add(resolved, within, position, bytes);
            }
            position += bytes;
        }
        pieces.end();
        return leave();
    }

    /** @return an {@link IoStatus} */
    int write(PoolVolume owner, Io io) {
        if (pool.crowded() || !allocate(owner, io)) {
            pool.recycle(this);
            return pool.hold(owner, io);
        }
        begin(owner, io, true);
        long from = io.offsetBytes();
        long end = from + io.lengthBytes();
        long first = from >>> Geometry.BLOCK_SHIFT;
        long last = (end - 1) >>> Geometry.BLOCK_SHIFT;
        boolean firstPartial = !whole(first, from, end) && !written(owner, first);
        boolean lastPartial = last != first && !whole(last, from, end) && !written(owner, last);
        if (firstPartial) {
            takePartial(first, from, end);
        }
        if (lastPartial) {
            takePartial(last, from, end);
        }
        long directFrom = firstPartial ? (first + 1) << Geometry.BLOCK_SHIFT : from;
        long directEnd = lastPartial ? last << Geometry.BLOCK_SHIFT : end;
        pieces.begin(Io.WRITE);
        while (directFrom < directEnd) {
            long index = directFrom >>> Geometry.CLUSTER_SHIFT;
            long stop = Math.min(directEnd, (index + 1) << Geometry.CLUSTER_SHIFT);
            long block = directFrom >>> Geometry.BLOCK_SHIFT;
            long place = Entry.cluster(owner.map().entry(index)) << 4 | block & 15;
            pieces.add(place, directFrom & (Geometry.BLOCK_BYTES - 1), directFrom - from, stop - directFrom);
            directFrom = stop;
        }
        pieces.end();
        for (int i = 0; i < partial.size(); i++) {
            partial.get(i).start();
        }
        return leave();
    }

    private static boolean whole(long block, long from, long end) {
        return block << Geometry.BLOCK_SHIFT >= from && (block + 1) << Geometry.BLOCK_SHIFT <= end;
    }

    private static boolean written(PoolVolume owner, long block) {
        return Entry.hasWritten(owner.map().entry(block >>> 4), 1 << (int) (block & 15));
    }

    private static boolean allocate(PoolVolume owner, Io io) {
        long last = (io.offsetBytes() + io.lengthBytes() - 1) >>> Geometry.CLUSTER_SHIFT;
        for (long index = io.offsetBytes() >>> Geometry.CLUSTER_SHIFT; index <= last; index++) {
            long entry = owner.map().entry(index);
            owner.firstWriteBegins(index);
            if (!Entry.mapped(entry) && !Entry.mapped(owner.allocate(index, entry))) {
                return false;
            }
        }
        return true;
    }

    private void takePartial(long block, long from, long end) {
        PartialBlock taken = spareBlocks.isEmpty() ? new PartialBlock(this) : spareBlocks.removeLast();
        long start = block << Geometry.BLOCK_SHIFT;
        taken.prepare(block, Math.max(from, start), Math.min(end, start + Geometry.BLOCK_BYTES));
        partial.add(taken);
        volume().locks().lock(block, block + 1);
    }

    /** Work on a piece of the parent's data. {@code place}: cluster times 16 plus block. */
    private void piece(int operation, long place, long within, long position, long bytes) {
        Piece piece = spare.isEmpty() ? new Piece(this) : spare.removeLast();
        piece.io.data().clear();
        piece.io.data().addSlice(parent().data(), position, bytes);
        submit(piece, operation, place, within, bytes);
    }

    void submit(Piece piece, int operation, long place, long within, long bytes) {
        long cluster = place >>> 4;
        PoolSet set = pool.sets().of(cluster);
        piece.set = set;
        boolean durable = operation == Io.WRITE && parent().forceUnitAccess();
        long offset = set.offset(cluster) + ((place & 15) << Geometry.BLOCK_SHIFT) + within;
        piece.io.prepare(operation, offset, bytes, durable);
        outstanding++;
        int answer = set.drive().submit(piece.io);
        if (answer != IoStatus.PENDING) {
            piece.ended(answer);
        }
    }

    /** A piece of the work has ended for good. */
    void pieceEnded(int ended) {
        if (ended != IoStatus.OK && status == IoStatus.OK) {
            status = ended;
        }
        if (--outstanding == 0 && detached) {
            Io io = parent();
            int answer = settle();
            if (answer != IoStatus.PENDING) {
                io.complete(answer);
            }
        }
    }

    /** What is in {@code piece} is done with. */
    void giveBack(Piece piece) {
        spare.add(piece);
    }

    private int leave() {
        if (--outstanding == 0) {
            return settle();
        }
        detached = true;
        return IoStatus.PENDING;
    }

    /** All pieces are back: what was written counts, and the next may have the locks. @return the parent's status */
    private int settle() {
        PoolVolume owner = volume();
        Io io = parent();
        pool.drain().leave(period);
        if (write) {
            settleWrite(owner, io);
            owner.writeEnds();
            for (int i = 0; i < partial.size(); i++) {
                PartialBlock block = partial.get(i);
                spareBlocks.add(block);
                owner.unlock(block.block(), block.block() + 1);
            }
            partial.clear();
            if (status != IoStatus.OK) {
                giveBack(owner, io);
            }
        }
        int answer = status;
        if (write && answer == IoStatus.OK && io.forceUnitAccess() && !pool.mapsDurable()) {
            pool.commit().request(this);
            return IoStatus.PENDING;
        }
        end();
        return answer;
    }

    /** What was written counts from now on. */
    private void settleWrite(PoolVolume owner, Io io) {
        long end = io.offsetBytes() + io.lengthBytes();
        for (long at = io.offsetBytes(); at < end; ) {
            long index = at >>> Geometry.CLUSTER_SHIFT;
            long stop = Math.min(end, (index + 1) << Geometry.CLUSTER_SHIFT);
            int within = (int) (at & (Geometry.CLUSTER_BYTES - 1));
            int blocks = Entry.blocks(within, (int) (stop - at));
            int fresh = blocks & ~Entry.written(owner.map().entry(index));
            if (fresh != 0 && status == IoStatus.OK) {
                owner.written(index, fresh);
            }
            at = stop;
        }
    }

    /** The write failed: clusters that it was the first for are not needed. */
    private static void giveBack(PoolVolume owner, Io io) {
        long last = (io.offsetBytes() + io.lengthBytes() - 1) >>> Geometry.CLUSTER_SHIFT;
        for (long index = io.offsetBytes() >>> Geometry.CLUSTER_SHIFT; index <= last; index++) {
            owner.emptied(index);
        }
    }

    private void end() {
        volume = null;
        parent = null;
        pool.recycle(this);
    }

    @Override
    public void committed(int ended) {
        Io io = parent();
        end();
        io.complete(ended);
    }

    /** Collects what lies side by side on a set, to be one piece. */
    private final class Run {
        private int operation;
        private long place;
        private long within;
        private long position;
        private long bytes;

        void begin(int wanted) {
            operation = wanted;
            bytes = 0;
        }

        void add(long nextPlace, long nextWithin, long nextPosition, long length) {
            if (bytes > 0 && nextPosition == position + bytes && continues(nextPlace, nextWithin)) {
                bytes += length;
                return;
            }
            end();
            place = nextPlace;
            within = nextWithin;
            position = nextPosition;
            bytes = length;
        }

        private boolean continues(long nextPlace, long nextWithin) {
            // Clusters with successive numbers lie side by side, but for where a set ends.
            return (nextPlace << Geometry.BLOCK_SHIFT) + nextWithin == (place << Geometry.BLOCK_SHIFT) + within + bytes
                    && pool.sets().of(nextPlace >>> 4) == pool.sets().of(place >>> 4);
        }

        void end() {
            if (bytes > 0) {
                piece(operation, place, within, position, bytes);
                bytes = 0;
            }
        }
    }

    /** Work for one drive. */
    static final class Piece implements Io.Completion {
        final Io io = new Io(this);
        private final SplitIo owner;
        private @Nullable PoolSet set;
        private @Nullable PartialBlock block;

        Piece(SplitIo owner) {
            this.owner = owner;
        }

        Piece(SplitIo owner, PartialBlock block) {
            this.owner = owner;
            this.block = block;
        }

        @Override
        public void completed(Io done, int status) {
            ended(status);
        }

        private void ended(int status) {
            PoolSet written = set;
            if (io.operation() == Io.WRITE && status == IoStatus.OK && written != null) {
                written.written();
            }
            PartialBlock partialBlock = block;
            if (partialBlock == null) {
                owner.giveBack(this);
                owner.pieceEnded(status);
            } else {
                partialBlock.ended(status);
            }
        }
    }

    /** Where the block's data comes from at present. */
    long resolve(long block) {
        return Resolver.resolve(volume().layer(), block);
    }

    /** Where the block's data goes to. */
    long place(long block) {
        return Entry.cluster(volume().map().entry(block >>> 4)) << 4 | block & 15;
    }

    /** Copies what the parent writes from byte {@code from} of the volume on. */
    void copyParent(long from, java.lang.foreign.MemorySegment target, long at, long bytes) {
        parent().data().copyTo(from - parent().offsetBytes(), target, at, bytes);
    }
}
