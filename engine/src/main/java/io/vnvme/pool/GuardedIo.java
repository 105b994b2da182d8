package io.vnvme.pool;

import io.vnvme.crypto.AesXts;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.format.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * One request to a {@link GuardedVolume}, worked on cluster by cluster: read what is there, check and decrypt it, or put the
 * new data over it, encrypt it, note its region, write it and store its checksums. Pooled by its volume.
 */
final class GuardedIo implements Io.Completion {
    private enum Stage {
        NEXT,
        READING,
        CHECKING,
        NOTING,
        WRITING,
        SUMMING,
        DISCARDING,
        FLUSHING
    }

    private final GuardedVolume guard;
    private final PoolVolume volume;
    private final Pool pool;
    private final Io child = new Io(this);
    private final MemorySegment bounce = Arena.ofAuto().allocate(Geometry.CLUSTER_BYTES, Geometry.BLOCK_BYTES);
    private final ByteBuffer view = bounce.asByteBuffer();
    private final CRC32C crc = new CRC32C();
    /** Where each block of the piece lay when it was read: cluster times 16 plus block, or {@link Resolver#ZERO}. */
    private final long[] places = new long[Geometry.CLUSTER_BLOCKS];

    private final BadBlock badBlock;
    private final Runnable goOn = this::goOn;
    private Io parent = new Io(this);
    private Stage stage = Stage.NEXT;
    private boolean inside;
    private boolean woken;
    private long position;
    private long end;
    /** The piece: its bytes of the volume, and its blocks. */
    private long from;

    private long stop;
    private long firstBlock;
    private int blocks;
    private int at;
    /** The write is counted with its volume though its drive has done its part. */
    private boolean counted;

    private long pinned = -1;

    GuardedIo(GuardedVolume guard) {
        this.guard = guard;
        this.volume = guard.volume();
        this.pool = guard.pool();
        badBlock = new BadBlock(guard.pool(), this::checkedAnew);
    }

    boolean changes() {
        return PoolChecksums.changes(parent.operation());
    }

    /** Its data is on the drive, and the checksums are still those of what was there before. */
    boolean summing() {
        return stage == Stage.SUMMING;
    }

    boolean overlaps(long first, long last) {
        return parent.offsetBytes() >>> Geometry.BLOCK_SHIFT <= last
                && first <= (parent.offsetBytes() + parent.lengthBytes() - 1) >>> Geometry.BLOCK_SHIFT;
    }

    /** @return an {@link IoStatus} */
    int run(Io io) {
        parent = io;
        position = io.offsetBytes();
        end = position + io.lengthBytes();
        stage = Stage.NEXT;
        inside = true;
        int status = proceed(IoStatus.OK);
        inside = false;
        return status;
    }

    @Override
    public void completed(Io io, int status) {
        conclude(status);
    }

    private void goOn() {
        if (inside) {
            woken = true;
        } else {
            conclude(IoStatus.OK);
        }
    }

    private void conclude(int childStatus) {
        Io io = parent;
        inside = true;
        int status = proceed(childStatus);
        inside = false;
        if (status != IoStatus.PENDING) {
            io.complete(status);
            guard.resume();
        }
    }

    /** Goes on with how the last step ended, until there is something to wait for. @return the parent's status */
    private int proceed(int last) {
        int status = last;
        while (true) {
            if (status != IoStatus.OK) {
                return over(status);
            }
            switch (stage) {
                case NEXT -> {
                    if (position >= end) {
                        if (!parent.forceUnitAccess() || !changes()) {
                            return over(IoStatus.OK);
                        }
                        stage = Stage.FLUSHING;
                        child.prepare(Io.FLUSH, 0, 0, false);
                        status = volume.submit(child);
                    } else {
                        status = nextPiece();
                    }
                }
                case READING -> {
                    stage = Stage.CHECKING;
                    at = 0;
                }
                case CHECKING -> status = check();
                case NOTING -> status = note();
                case WRITING -> {
                    stage = Stage.SUMMING;
                    at = 0;
                    // Until its checksums are kept the write goes on: a snapshot in between would give them to another
                    // layer.
                    volume.writeBegins();
                    counted = true;
                    noteFresh();
                }
                case SUMMING -> status = sum();
                case DISCARDING -> {
                    position = stop;
                    stage = Stage.NEXT;
                }
                case FLUSHING -> {
                    return over(IoStatus.OK);
                }
            }
            if (status == IoStatus.PENDING) {
                if (!woken) {
                    return status;
                }
                woken = false;
                status = IoStatus.OK;
            }
        }
    }

    private int over(int status) {
        unpin();
        uncount();
        guard.ended(this);
        return status;
    }

    // ---- pieces

    private int nextPiece() {
        from = position;
        boolean discards = parent.operation() == Io.WRITE_ZEROES || parent.operation() == Io.DEALLOCATE;
        long alignedEnd = end & -Geometry.BLOCK_BYTES;
        if (discards && (from & (Geometry.BLOCK_BYTES - 1)) == 0 && alignedEnd > from) {
            stop = alignedEnd;
            stage = Stage.DISCARDING;
            child.prepare(parent.operation(), from, stop - from, false);
            child.data().clear();
            return volume.submit(child);
        }
        stop = Math.min(end, (from & -Geometry.CLUSTER_BYTES) + Geometry.CLUSTER_BYTES);
        if (discards) {
            // A part of a block: zeros are written over it.
            stop = Math.min(stop, (from & -Geometry.BLOCK_BYTES) + Geometry.BLOCK_BYTES);
        } else if (changes()) {
            stop = partsApart();
        }
        firstBlock = from >>> Geometry.BLOCK_SHIFT;
        blocks = (int) (((stop + Geometry.BLOCK_BYTES - 1) >>> Geometry.BLOCK_SHIFT) - firstBlock);
        boolean partial = ((from | stop) & (Geometry.BLOCK_BYTES - 1)) != 0;
        if (parent.operation() == Io.READ || partial) {
            stage = Stage.READING;
            for (int i = 0; i < blocks; i++) {
                places[i] = Resolver.resolve(volume.layer(), firstBlock + i);
            }
            return transfer(Io.READ);
        }
        overlay();
        return IoStatus.OK;
    }

    /**
     * Where a piece of a write ends, so that parts of blocks are pieces of their own: only those are read first, and a whole
     * block can be written where what was there cannot be read any more.
     */
    private long partsApart() {
        if ((from & (Geometry.BLOCK_BYTES - 1)) != 0) {
            return Math.min(stop, (from & -Geometry.BLOCK_BYTES) + Geometry.BLOCK_BYTES);
        }
        long whole = stop & -Geometry.BLOCK_BYTES;
        return whole > from ? whole : stop;
    }

    private int transfer(int operation) {
        long length = (long) blocks << Geometry.BLOCK_SHIFT;
        child.prepare(operation, firstBlock << Geometry.BLOCK_SHIFT, length, false);
        child.data().clear();
        child.data().add(bounce, 0, length);
        return volume.submit(child);
    }

    /** The data of the parent takes its place in the blocks, which then are as they will lie on the drive. */
    private void overlay() {
        long within = from - (firstBlock << Geometry.BLOCK_SHIFT);
        if (parent.operation() == Io.WRITE) {
            parent.data().copyTo(from - parent.offsetBytes(), bounce, within, stop - from);
        } else {
            bounce.asSlice(within, stop - from).fill((byte) 0);
        }
        AesXts cipher = guard.cipher();
        if (cipher != null) {
            cipher.encrypt(bounce, 0, bounce, 0, (long) blocks << Geometry.BLOCK_SHIFT, firstBlock);
        }
        stage = Stage.NOTING;
        at = 0;
    }

    // ---- reading

    /** Checks the blocks that were read, from {@code at} on, then decrypts and hands over. */
    private int check() {
        while (guard.checksums() && at < blocks) {
            long place = places[at];
            if (place != Resolver.ZERO) {
                PoolSet set = pool.sets().of(place >>> 4);
                ChecksumArea area = pool.checksums().of(set);
                long cluster = PoolChecksums.within(set, place >>> 4);
                if (!area.ready(cluster)) {
                    return load(area, cluster, IoStatus.READ_ERROR);
                }
                int known = area.get(cluster, (int) (place & 15));
                int computed = sum(at);
                if (known == ChecksumArea.UNKNOWN) {
                    // After a crash nothing was known of it: what is there now is what it is.
                    area.put(cluster, (int) (place & 15), computed);
                } else if (known != computed) {
                    guard.mismatch();
                    return badBlock.read(set, place, known, bounce, (long) at << Geometry.BLOCK_SHIFT);
                }
            }
            at++;
        }
        AesXts cipher = guard.cipher();
        for (int i = 0; cipher != null && i < blocks; i++) {
            if (places[i] != Resolver.ZERO) {
                long offset = (long) i << Geometry.BLOCK_SHIFT;
                cipher.decrypt(bounce, offset, bounce, offset, Geometry.BLOCK_BYTES, firstBlock + i);
            }
        }
        if (changes()) {
            overlay();
        } else {
            long within = from - (firstBlock << Geometry.BLOCK_SHIFT);
            parent.data().copyFrom(from - parent.offsetBytes(), bounce, within, stop - from);
            position = stop;
            stage = Stage.NEXT;
        }
        return IoStatus.OK;
    }

    /** What a replica had in place of a bad block is in the bounce now, or nothing is right. */
    private void checkedAnew(int status) {
        if (status == IoStatus.OK) {
            at++;
        }
        if (inside) {
            throw new IllegalStateException("a bad block is looked at later");
        }
        conclude(status);
    }

    private int load(ChecksumArea area, long cluster, int error) {
        if (area.failed() || pool.stopped()) {
            return error;
        }
        area.load(cluster, goOn);
        return IoStatus.PENDING;
    }

    private int sum(int block) {
        int offset = block << Geometry.BLOCK_SHIFT;
        view.limit(offset + Geometry.BLOCK_BYTES).position(offset);
        crc.reset();
        crc.update(view);
        return ChecksumArea.stored((int) crc.getValue());
    }

    // ---- writing

    /** Where data is overwritten in place, or will be if a crash brings back what was there, its region is noted first. */
    private int note() {
        if (pool.stopped()) {
            return IoStatus.WRITE_ERROR;
        }
        if (!volume.closed() && volume.blocked(firstBlock, firstBlock + blocks)) {
            // The cluster may be another one then.
            volume.whenUnblocked(goOn);
            return IoStatus.PENDING;
        }
        long entry = volume.map().entry(firstBlock >>> 4);
        int bits = ((1 << blocks) - 1) << (int) (firstBlock & 15);
        boolean replaces = (Entry.written(entry) & bits) != 0 || (Entry.mapped(entry) && volume.mayReturn());
        if (guard.checksums() && replaces) {
            PoolSet set = pool.sets().of(Entry.cluster(entry));
            ChecksumArea area = pool.checksums().of(set);
            long cluster = PoolChecksums.within(set, Entry.cluster(entry));
            if (!area.ready(cluster)) {
                return load(area, cluster, IoStatus.WRITE_ERROR);
            }
            if (!area.noted(cluster)) {
                area.noteDurably(cluster, goOn);
                return IoStatus.PENDING;
            }
            area.pin(cluster);
            pinned = Entry.cluster(entry);
        }
        stage = Stage.WRITING;
        return transfer(Io.WRITE);
    }

    /** Before the next commit says that these blocks are written, their region is noted with it. */
    private void noteFresh() {
        if (guard.checksums()) {
            long cluster = Entry.cluster(volume.map().entry(firstBlock >>> 4));
            PoolSet set = pool.sets().of(cluster);
            pool.checksums().of(set).noteFresh(PoolChecksums.within(set, cluster));
        }
    }

    private int sum() {
        if (guard.checksums()) {
            long owner = Entry.cluster(volume.map().entry(firstBlock >>> 4));
            PoolSet set = pool.sets().of(owner);
            ChecksumArea area = pool.checksums().of(set);
            long cluster = PoolChecksums.within(set, owner);
            if (!area.ready(cluster)) {
                return load(area, cluster, IoStatus.WRITE_ERROR);
            }
            area.note(cluster);
            for (int i = 0; i < blocks; i++) {
                area.put(cluster, (int) (firstBlock + i & 15), sum(i));
            }
            unpin();
        }
        uncount();
        position = stop;
        stage = Stage.NEXT;
        return IoStatus.OK;
    }

    private void uncount() {
        if (counted) {
            counted = false;
            volume.writeEnds();
        }
    }

    private void unpin() {
        if (pinned >= 0) {
            PoolSet set = pool.sets().of(pinned);
            pool.checksums().of(set).unpin(PoolChecksums.within(set, pinned));
            pinned = -1;
        }
    }
}
