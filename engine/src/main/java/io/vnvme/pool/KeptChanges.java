package io.vnvme.pool;

import io.vnvme.memory.KeptMemory;
import io.vnvme.pool.format.FormatException;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.RecordReader;
import io.vnvme.pool.format.RecordWriter;
import io.vnvme.pool.format.Records;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.UUID;

/**
 * What changed about a pool's maps and is not durable yet, as records of the journal in memory that outlives the process.
 *
 * <p>A write that ended may be lost by a power cut until it is flushed: with it, its guest has lost its memory too. When only
 * this process dies, the guest goes on, and does not write again what was answered; so what the next process loads has all
 * that. The data is on the drives, and here is where it lies.
 *
 * <p>Little endian: magic (8), version (4), 1 when records were lost for want of room (4), pool (16), the epoch that was found
 * when it was loaded, and the one that it went on with (8 each), position of the first record, position behind the last (8
 * each); from 4096 on a ring of records ({@link Records}), which may go over its end.
 */
public final class KeptChanges {
    /** Size of the memory: what a second of first writes at a million a second needs, and twice that. */
    public static final long BYTES = (64L << 20) + Geometry.BLOCK_BYTES;

    private static final long MAGIC = 0x4843_4365_4d56_4e76L;
    private static final int VERSION = 1;
    private static final long LOST = 12;
    private static final long POOL = 16;
    private static final long FOUND_EPOCH = 32;
    private static final long EPOCH = 40;
    private static final long BEGIN = 48;
    private static final long END = 56;
    private static final long RING = Geometry.BLOCK_BYTES;
    private static final int LAYER_BYTES = 4096;
    /** Kept for what is under way when no more is begun. */
    private static final long RESERVE = 8 << 20;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final VarHandle ATOMIC = LONG.varHandle();

    /** What is there, for a program that asks whether it could go on with it. */
    public static final KeptMemory.Layout LAYOUT = new KeptMemory.Layout("vnvme-changes", MAGIC, VERSION, BYTES);

    private final MemorySegment memory;
    private final long ringBytes;
    private final RecordWriter record = new RecordWriter(LAYER_BYTES);
    private long begin;
    private long end;
    private boolean goesOn;

    /** @param memory zeros, or what another process left there */
    public KeptChanges(MemorySegment memory) {
        this.memory = memory;
        this.ringBytes = memory.byteSize() - RING;
        begin = memory.get(LONG, BEGIN);
        end = memory.get(LONG, END);
    }

    /** Whether the records are about the pool as it was found on its drives: nobody else has had it since. */
    private boolean about(UUID pool, long epoch) {
        return memory.get(LONG, 0) == MAGIC
                && memory.get(LONG, POOL) == pool.getMostSignificantBits()
                && memory.get(LONG, POOL + 8) == pool.getLeastSignificantBits()
                && (memory.get(LONG, FOUND_EPOCH) == epoch || memory.get(LONG, EPOCH) == epoch);
    }

    /**
     * Hands over what another process left, if it is about this pool as it is; from now on the records are of this process.
     *
     * @param found epoch on the drives
     * @param next the one to go on with
     * @return false when records were lost for want of room
     * @throws FormatException when it is of another version: without it writes would be lost
     */
    boolean load(UUID pool, long found, long next, Replay replay) {
        boolean whole = true;
        goesOn = about(pool, found);
        if (goesOn) {
            if (memory.get(INT, 8) != VERSION) {
                throw new FormatException(
                        "what an earlier daemon kept of it is of version %d, and this one reads %d: start that one again"
                                .formatted(memory.get(INT, 8), VERSION));
            }
            whole = memory.get(INT, LOST) == 0;
            try (Arena arena = Arena.ofConfined()) {
                long bytes = end - begin;
                MemorySegment records = arena.allocate(Math.max(bytes, 8), 8);
                for (long done = 0; done < bytes; ) {
                    long at = (begin + done) % ringBytes;
                    long part = Math.min(bytes - done, ringBytes - at);
                    MemorySegment.copy(memory, RING + at, records, done, part);
                    done += part;
                }
                Records.read(new RecordReader(records, 0, bytes), 0, replay);
                replay.endBatch();
            }
        } else {
            memory.set(LONG, 0, 0);
            begin = 0;
            end = 0;
            memory.set(LONG, BEGIN, 0);
            memory.set(LONG, END, 0);
        }
        memory.set(INT, LOST, 0);
        memory.set(LONG, POOL, pool.getMostSignificantBits());
        memory.set(LONG, POOL + 8, pool.getLeastSignificantBits());
        memory.set(LONG, FOUND_EPOCH, found);
        memory.set(LONG, EPOCH, next);
        memory.set(INT, 8, VERSION);
        ATOMIC.setRelease(memory, 0L, MAGIC);
        return whole;
    }

    /** Whether what was loaded is what another process left: nobody else has had the pool since. */
    public boolean goesOn() {
        return goesOn;
    }

    /** What a layer has from now on. */
    void entry(int layer, long clusterIndex, long entry) {
        record.clear();
        Records.entry(record, layer, clusterIndex, entry);
        append();
    }

    void layer(LayerRecord layer) {
        record.clear();
        Records.layer(record, layer);
        append();
    }

    void gone(int layer) {
        record.clear();
        Records.gone(record, layer);
        append();
    }

    private void append() {
        long bytes = record.length();
        if (end - begin + bytes > ringBytes) {
            memory.set(INT, LOST, 1);
            return;
        }
        long at = end % ringBytes;
        long part = Math.min(bytes, ringBytes - at);
        MemorySegment.copy(record.memory(), 0, memory, RING + at, part);
        if (part < bytes) {
            MemorySegment.copy(record.memory(), part, memory, RING, bytes - part);
        }
        end += bytes;
        ATOMIC.setRelease(memory, END, end);
    }

    /** True when nothing should be begun that changes the maps until a commit has made some of it durable. */
    boolean crowded() {
        return end - begin > ringBytes - RESERVE;
    }

    /** Position behind the last record, for {@link #durable}. */
    long position() {
        return end;
    }

    /** What was recorded before that position is durable. */
    void durable(long position) {
        begin = position;
        ATOMIC.setRelease(memory, BEGIN, begin);
    }
}
