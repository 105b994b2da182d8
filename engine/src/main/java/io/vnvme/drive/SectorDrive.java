package io.vnvme.drive;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A drive with blocks of 512 bytes made of one with larger blocks: what does not cover whole blocks below is read, changed
 * and written back.
 *
 * <p>Such an edit has its blocks for itself: writes that overlap it wait in line, in the order of submission, and it waits
 * for those before it. So no write to one half of a block undoes a write to the other. Reads never wait: an edit writes
 * back what it does not change as it was.
 */
public final class SectorDrive implements Drive {
    private static final int SECTOR = 512;
    /** Most that one step of an edit moves; longer work is done in several. */
    static final int BUFFER_BYTES = 256 << 10;

    private static final int BUFFERS_MAX = 64;

    private final Drive below;
    private final long mask;
    private final Arena arena = Arena.ofShared();
    private final List<SectorEdit> freeEdits = new ArrayList<>();
    private final List<MemorySegment> freeBuffers = new ArrayList<>();
    private int buffersMade;
    /** Writes that have not ended, and reads that need a buffer, in the order of submission. */
    private final List<SectorEdit> line = new ArrayList<>();

    private int waiting;
    private boolean serving;

    /** @param below its blocks are a power of two, 512 at least; it stays the caller's to close */
    public SectorDrive(Drive below) {
        this.below = below;
        mask = below.blockSizeBytes() - 1L;
    }

    @Override
    public String name() {
        return below.name();
    }

    @Override
    public long sizeBytes() {
        return below.sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return SECTOR;
    }

    @Override
    public int physicalBlockBytes() {
        return below.physicalBlockBytes();
    }

    @Override
    public int optimalIoBytes() {
        return below.optimalIoBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return below.volatileWriteCache();
    }

    @Override
    public int submit(Io io) {
        boolean whole = ((io.offsetBytes() | io.lengthBytes()) & mask) == 0;
        if (io.operation() == Io.FLUSH || (whole && io.operation() == Io.READ)) {
            return below.submit(io);
        }
        SectorEdit edit = freeEdits.isEmpty() ? new SectorEdit(this) : freeEdits.removeLast();
        edit.prepare(io, whole);
        line.add(edit);
        if (!ready(edit)) {
            waiting++;
            edit.waits();
            return IoStatus.PENDING;
        }
        int status = edit.begin();
        if (status != IoStatus.PENDING) {
            retire(edit);
        }
        return status;
    }

    /** Whether nothing before it in line is in its way, and it has the buffer that it needs. */
    private boolean ready(SectorEdit edit) {
        for (int i = 0; i < line.size() && line.get(i) != edit; i++) {
            if (line.get(i).conflicts(edit)) {
                return false;
            }
        }
        if (edit.whole() || edit.buffer() != null) {
            return true;
        }
        edit.buffer(takeBuffer());
        return edit.buffer() != null;
    }

    private @Nullable MemorySegment takeBuffer() {
        if (!freeBuffers.isEmpty()) {
            return freeBuffers.removeLast();
        }
        if (buffersMade == BUFFERS_MAX) {
            return null;
        }
        buffersMade++;
        return arena.allocate(BUFFER_BYTES, 4096);
    }

    private void retire(SectorEdit edit) {
        line.remove(edit);
        MemorySegment buffer = edit.buffer();
        if (buffer != null) {
            edit.buffer(null);
            freeBuffers.add(buffer);
        }
        freeEdits.add(edit);
    }

    /** Work that was pending has ended: its owner hears of it, and those behind it in line go on. */
    void ended(SectorEdit edit, int status) {
        Io io = edit.io();
        retire(edit);
        serve();
        io.complete(status);
    }

    /** In a loop, from the front: one that goes on may end at once, and let others go on. */
    private void serve() {
        if (serving || waiting == 0) {
            return;
        }
        serving = true;
        try {
            for (int i = 0; i < line.size() && waiting > 0; i++) {
                SectorEdit edit = line.get(i);
                if (!edit.begun() && ready(edit)) {
                    waiting--;
                    int status = edit.begin();
                    if (status != IoStatus.PENDING) {
                        ended(edit, status);
                        i = -1;
                    }
                }
            }
        } finally {
            serving = false;
        }
    }

    /** Memory was lost in the midst of an edit: the error goes to who lost it, the line goes on. */
    void lost(SectorEdit edit, boolean pending) {
        if (pending) {
            ended(edit, edit.io().operation() == Io.READ ? IoStatus.READ_ERROR : IoStatus.WRITE_ERROR);
        } else {
            retire(edit);
        }
    }

    Drive below() {
        return below;
    }

    long mask() {
        return mask;
    }

    @Override
    public int poll(long nowNs) {
        return below.poll(nowNs);
    }

    @Override
    public long prepareSleep(long nowNs) {
        return below.prepareSleep(nowNs);
    }

    /** Gives the buffers back; the drive below stays open. All work has ended. */
    @Override
    public void close() {
        arena.close();
    }
}
