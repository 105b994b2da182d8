package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.JournalFrame;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.RecordReader;
import io.vnvme.pool.format.RecordWriter;
import io.vnvme.pool.format.Records;
import io.vnvme.pool.format.Root;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the journal from where the checkpoint says, frame by frame, for as long as the one that is due is there whole,
 * and hands over each batch that is complete.
 *
 * <p>A frame that only some replicas have counts, so {@link #spread} has to give it to the others before it is relied on: they
 * may be made equal to one that lacks it.
 */
final class JournalReader {
    /** Read at once when the whole ring is looked through, in bytes. */
    private static final long SCAN_BYTES = 1 << 20;

    private final PoolConfig config;
    private final Root root;
    /** A frame that not all replicas have. */
    private record Partial(long offsetBytes, MemorySegment frame) {}

    private final SetReader set;
    private final List<Partial> partial = new ArrayList<>();
    private final Replay replay;
    private final RecordWriter batch = new RecordWriter(Geometry.BLOCK_BYTES);
    private final int frameMax;
    private long position;
    private long sequence;
    private long end;
    private long nextSequence;

    JournalReader(PoolConfig config, Root root, SetReader set, Replay replay) {
        this.config = config;
        this.root = root;
        this.set = set;
        this.replay = replay;
        frameMax = JournalFrame.sizeMax(config.journalBytes());
        position = root.journalStart();
        sequence = root.journalSequence();
        end = position;
        nextSequence = sequence;
    }

    /** Position behind the last complete batch. */
    long end() {
        return end;
    }

    /** Sequence number of the frame that would come next. */
    long nextSequence() {
        return nextSequence;
    }

    void replay() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment window = arena.allocate(frameMax, Geometry.BLOCK_BYTES);
            while (position - root.journalStart() < config.journalBytes() && next(window)) {
                // Each turn takes one frame.
            }
        }
    }

    /**
     * The newest epoch of which there is a frame, or the superblock's: the next must be of neither.
     *
     * <p>A load that was cut off before its superblock was written may have left frames of its epoch. The next load would
     * give itself the same, and a replay might take the old frames for a continuation of the new ones.
     */
    long newestEpoch() {
        long newest = root.epoch();
        try (Arena arena = Arena.ofConfined()) {
            long windowBytes = Math.min(SCAN_BYTES, config.journalBytes());
            MemorySegment window = arena.allocate(windowBytes, Geometry.BLOCK_BYTES);
            for (long from = 0; from < config.journalBytes(); from += windowBytes) {
                long length = Math.min(windowBytes, config.journalBytes() - from);
                for (int replica = 0; replica < set.replicaCount(); replica++) {
                    if (!set.read(replica, Geometry.JOURNAL_OFFSET + from, window.asSlice(0, length))) {
                        continue;
                    }
                    for (long at = 0; at < length; at += Geometry.BLOCK_BYTES) {
                        newest = Math.max(newest, JournalFrame.epoch(window, at, config.pool()));
                    }
                }
            }
        }
        return newest;
    }

    private boolean next(MemorySegment window) {
        if (take(window)) {
            return true;
        }
        long inRing = position % config.journalBytes();
        if (inRing == 0 || inRing + frameMax <= config.journalBytes()) {
            return false;
        }
        // A frame that did not fit before the ring's end begins at its start.
        position += config.journalBytes() - inRing;
        return take(window);
    }

    /** Takes the frame at the present position from whichever drive has it. */
    private boolean take(MemorySegment window) {
        long inRing = position % config.journalBytes();
        long length = Math.min(frameMax, config.journalBytes() - inRing);
        MemorySegment part = window.asSlice(0, length);
        for (int replica = 0; replica < set.replicaCount(); replica++) {
            int bytes = frame(replica, Geometry.JOURNAL_OFFSET + inRing, part);
            if (bytes >= 0) {
                MemorySegment frame = part.asSlice(0, JournalFrame.size(bytes));
                if (replica > 0) {
                    MemorySegment copy = Arena.ofAuto().allocate(frame.byteSize(), Geometry.BLOCK_BYTES);
                    partial.add(new Partial(Geometry.JOURNAL_OFFSET + inRing, copy.copyFrom(frame)));
                }
                accept(part, bytes);
                return true;
            }
        }
        return false;
    }

    /** Reads the place of the frame that is due. @return the bytes of its records, -1 when it is not there */
    private int frame(int replica, long offset, MemorySegment part) {
        return set.read(replica, offset, part)
                ? JournalFrame.recordBytes(part, 0, frameMax, root.epoch(), sequence, config.pool())
                : -1;
    }

    /**
     * Writes frames that the first replica does not have to all.
     *
     * @return false when a drive did not take one
     */
    boolean spread() {
        boolean all = true;
        for (Partial one : partial) {
            all &= set.write(one.offsetBytes(), one.frame());
        }
        return all;
    }

    private void accept(MemorySegment frame, int bytes) {
        long at = batch.length();
        batch.skip(bytes);
        MemorySegment.copy(frame, JournalFrame.HEADER_BYTES, batch.memory(), at, bytes);
        position += JournalFrame.size(bytes);
        sequence++;
        if (JournalFrame.endsBatch(frame, 0)) {
            Records.read(new RecordReader(batch.memory(), 0, batch.length()), 0, replay);
            replay.endBatch();
            batch.clear();
            end = position;
            nextSequence = sequence;
        }
    }
}
