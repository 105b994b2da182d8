package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.JournalFrame;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.RecordWriter;
import io.vnvme.pool.format.Records;
import java.util.Arrays;
import java.util.UUID;

/**
 * The ring of frames: what was written and is still needed, and the batch that is being made.
 *
 * <p>Positions count bytes from the beginning of time; modulo the ring's size they are places. A frame never goes over
 * the ring's end: it begins at the start instead.
 */
final class Journal {
    private final UUID pool;
    private final long sizeBytes;
    private final int frameMax;
    private final RecordWriter buffer = new RecordWriter(64 << 10);
    private long epoch;
    private long head;
    private long tail;
    private long sequence;

    // The frames of the batch: where in the buffer, how many bytes of records, where in the ring.
    private long[] starts = new long[4];
    private int[] recordBytes = new int[4];
    private long[] positions = new long[4];
    private int frameCount;

    /**
     * @param tail position of the first frame that a recovery would need
     * @param head position behind the last one
     * @param sequence of the next one
     */
    Journal(UUID pool, long sizeBytes, long epoch, long tail, long head, long sequence) {
        this.pool = pool;
        this.sizeBytes = sizeBytes;
        this.frameMax = JournalFrame.sizeMax(sizeBytes);
        this.epoch = epoch;
        this.head = head;
        this.tail = tail;
        this.sequence = sequence;
    }

    long epoch() {
        return epoch;
    }

    /** Position behind the last frame. */
    long head() {
        return head;
    }

    /** Sequence number of the next frame. */
    long sequence() {
        return sequence;
    }

    /** Frames before {@code position} are needed no more. */
    void trim(long position) {
        tail = position;
    }

    /** Bytes of the ring that are in use. */
    long usedBytes() {
        return head - tail;
    }

    /** True when a checkpoint is due. */
    boolean halfFull() {
        return usedBytes() >= sizeBytes / 2;
    }

    /** Most changed entries that may come together in a batch: what a quarter of the ring holds. */
    int changesMax() {
        return (int) ((sizeBytes / 4 - frameMax) / Records.ENTRY_BYTES * 9 / 10);
    }

    /** Whether a batch of so many bytes of records fits; a checkpoint's own may use what is kept for it. */
    boolean hasRoom(long bytes, boolean forCheckpoint) {
        long usable = (long) frameMax - JournalFrame.HEADER_BYTES - Records.LAYER_BYTES_MAX;
        if (usable <= 0) {
            usable = Records.ENTRY_BYTES;
        }
        long frames = bytes / usable + 1;
        long needed = bytes + frames * (JournalFrame.HEADER_BYTES + Geometry.BLOCK_BYTES) + frameMax;
        return usedBytes() + needed <= (forCheckpoint ? sizeBytes : sizeBytes * 5 / 8);
    }

    /** Records for the batch that is being made. */
    RecordWriter records(int bytes) {
        if (frameCount == 0 || buffer.length() - starts[frameCount - 1] + bytes > frameMax) {
            beginFrame();
        }
        return buffer;
    }

    /** Room that a layer's record needs, in bytes. */
    static int layerBytes(LayerRecord layer) {
        return 96 + layer.name().length() * 3 + layer.attributes().length;
    }

    private void beginFrame() {
        endFrame();
        if (frameCount == starts.length) {
            starts = Arrays.copyOf(starts, frameCount * 2);
            recordBytes = Arrays.copyOf(recordBytes, frameCount * 2);
            positions = Arrays.copyOf(positions, frameCount * 2);
        }
        starts[frameCount++] = buffer.length();
        buffer.skip(JournalFrame.HEADER_BYTES);
    }

    private void endFrame() {
        if (frameCount > 0) {
            long start = starts[frameCount - 1];
            recordBytes[frameCount - 1] = (int) (buffer.length() - start - JournalFrame.HEADER_BYTES);
            buffer.pad(Geometry.BLOCK_BYTES);
        }
    }

    void begin() {
        buffer.clear();
        frameCount = 0;
    }

    /** Finishes the batch and gives its frames their places. @return number of frames */
    int seal() {
        endFrame();
        for (int i = 0; i < frameCount; i++) {
            int size = JournalFrame.size(recordBytes[i]);
            long inRing = head % sizeBytes;
            if (inRing + size > sizeBytes) {
                head += sizeBytes - inRing;
            }
            positions[i] = head;
            JournalFrame.seal(buffer.memory(), starts[i], recordBytes[i], i == frameCount - 1, epoch, sequence++, pool);
            head += size;
        }
        return frameCount;
    }

    /** Frames from {@code from} on that lie side by side, at most a mebibyte of them. @return the one behind the last */
    int runEnd(int from) {
        int to = from + 1;
        long bytes = JournalFrame.size(recordBytes[from]);
        while (to < frameCount
                && positions[to] == positions[from] + bytes
                && positions[to] % sizeBytes != 0
                && bytes + JournalFrame.size(recordBytes[to]) <= 1 << 20) {
            bytes += JournalFrame.size(recordBytes[to++]);
        }
        return to;
    }

    RecordWriter buffer() {
        return buffer;
    }

    /** Where in the buffer frame {@code index} begins. */
    long bufferOffset(int index) {
        return starts[index];
    }

    /** Where on the set frame {@code index} goes, in bytes. */
    long setOffset(int index) {
        return Geometry.JOURNAL_OFFSET + positions[index] % sizeBytes;
    }

    /** Bytes of frames {@code from} to {@code to}, which lie side by side. */
    long runBytes(int from, int to) {
        long bytes = 0;
        for (int i = from; i < to; i++) {
            bytes += JournalFrame.size(recordBytes[i]);
        }
        return bytes;
    }
}
