package io.vnvme.testkit.sim;

import io.vnvme.drive.Io;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** The media of a {@link PowerCutDrive}, what reads see, and the writes that are in one and not certainly in the other. */
final class WriteCache {
    private static final int SECTOR = PowerCutDrive.SECTOR;
    /** Writes that the cache holds before the drive writes one back by itself. */
    private static final int CACHED_MAX = 48;

    private final MemorySegment media;
    private final MemorySegment visible;
    private final Payloads payloads;
    /** For each sector the place in the order of the write that is on the media. */
    private final long[] mediaOrder;

    /** For each sector the number of what is on the media, and its first eight bytes. */
    private final long[] mediaContents;

    private final long[] mediaStamps;

    /** For each sector the number of what reads see. */
    private final long[] visibleContents;

    private boolean visibleChanged;

    private final List<CachedWrite> starting = new ArrayList<>();
    private final List<CachedWrite> ended = new ArrayList<>();
    private final List<CachedWrite> spare = new ArrayList<>();
    private long order = 1;
    /** Contents are numbered: what has the same number is the same. 0 is zeros. */
    private long nextContent = 1;

    WriteCache(long sizeBytes, Arena arena) {
        media = KeptMemory.zeros(arena, sizeBytes);
        visible = KeptMemory.zeros(arena, sizeBytes);
        int sectors = PowerCutDrive.sector(sizeBytes);
        payloads = new Payloads(arena, 3 * sectors + 2048);
        mediaOrder = new long[sectors];
        mediaContents = new long[sectors];
        mediaStamps = new long[sectors];
        visibleContents = new long[sectors];
    }

    /** What is certain to survive. */
    MemorySegment media() {
        return media;
    }

    /** What reads see. */
    MemorySegment visible() {
        return visible;
    }

    /** Somebody else may change what reads see. */
    void visibleChanged() {
        visibleChanged = true;
    }

    MemorySegment payloads() {
        return payloads.memory();
    }

    Payloads payloadSectors() {
        return payloads;
    }

    long[] mediaContents() {
        return mediaContents;
    }

    long[] mediaStamps() {
        return mediaStamps;
    }

    /** A number for what nothing was before. */
    long newContent() {
        return nextContent++;
    }

    /** Writes that ended and are not certain to survive, in the order in which they ended. */
    List<CachedWrite> ended() {
        return ended;
    }

    /** Writes under way. */
    List<CachedWrite> starting() {
        return starting;
    }

    /** The place in the order of what ends next. */
    long order() {
        return order;
    }

    /** True when a write in the cache still counts for that sector: the media holds nothing newer. */
    boolean newerThanMedia(CachedWrite write, int sector) {
        return write.endedAt > mediaOrder[sector];
    }

    CachedWrite begin(Io io) {
        CachedWrite write = spare.isEmpty() ? new CachedWrite() : spare.removeLast();
        write.set(
                PowerCutDrive.sector(io.offsetBytes()),
                PowerCutDrive.sector(io.lengthBytes()),
                io.operation() != Io.WRITE,
                io.forceUnitAccess());
        if (!write.zeros) {
            write.slot = room(write.sectorCount);
            io.data().copyTo(0, payloads.memory(), (long) write.slot * SECTOR, io.lengthBytes());
            payloads.filled(write.slot, write.sectorCount, nextContent);
            nextContent += write.sectorCount;
        }
        starting.add(write);
        return write;
    }

    /** A place for data; when there is none the drive writes its cache back, oldest first. */
    private int room(int sectors) {
        int slot = payloads.take(sectors);
        while (slot < 0) {
            if (ended.isEmpty()) {
                throw new IllegalStateException("too much is under way");
            }
            settle(ended.removeFirst());
            slot = payloads.take(sectors);
        }
        return slot;
    }

    /** False when the memory that is written is not what it was when the write began. */
    boolean unchanged(Io io, CachedWrite write) {
        return write.zeros || io.data().matches(0, payloads.memory(), (long) write.slot * SECTOR, io.lengthBytes());
    }

    /** A write under way leaves no trace. */
    void drop(CachedWrite write) {
        starting.remove(write);
        recycle(write);
    }

    /** A write under way has ended. */
    void end(CachedWrite write, SplittableRandom random) {
        starting.remove(write);
        write.endedAt = order++;
        long offset = (long) write.firstSector * SECTOR;
        long length = (long) write.sectorCount * SECTOR;
        if (write.zeros) {
            visible.asSlice(offset, length).fill((byte) 0);
            Arrays.fill(visibleContents, write.firstSector, write.firstSector + write.sectorCount, 0);
        } else {
            MemorySegment.copy(payloads.memory(), (long) write.slot * SECTOR, visible, offset, length);
            for (int i = 0; i < write.sectorCount; i++) {
                visibleContents[write.firstSector + i] = payloads.content(write.slot + i);
            }
        }
        if (write.forceUnitAccess) {
            settle(write);
            return;
        }
        ended.add(write);
        if (ended.size() > CACHED_MAX) {
            settle(ended.remove(random.nextInt(ended.size())));
        }
    }

    /** Everything that ended before {@code mark} goes to the media. */
    void settleUpTo(long mark) {
        int kept = 0;
        for (int i = 0; i < ended.size(); i++) {
            CachedWrite write = ended.get(i);
            if (write.endedAt < mark) {
                settle(write);
            } else {
                ended.set(kept++, write);
            }
        }
        ended.subList(kept, ended.size()).clear();
    }

    /** Writes to the media what is not older than what is there. */
    private void settle(CachedWrite write) {
        for (int i = 0; i < write.sectorCount; i++) {
            int sector = write.firstSector + i;
            if (!newerThanMedia(write, sector)) {
                continue;
            }
            mediaOrder[sector] = write.endedAt;
            long offset = (long) sector * SECTOR;
            if (write.zeros) {
                media.asSlice(offset, SECTOR).fill((byte) 0);
                mediaContents[sector] = 0;
                mediaStamps[sector] = 0;
            } else {
                MemorySegment.copy(payloads.memory(), (long) (write.slot + i) * SECTOR, media, offset, SECTOR);
                mediaContents[sector] = payloads.content(write.slot + i);
                mediaStamps[sector] = payloads.stamp(write.slot + i);
            }
        }
        recycle(write);
    }

    private void recycle(CachedWrite write) {
        if (!write.zeros) {
            payloads.give(write.slot, write.sectorCount);
        }
        spare.add(write);
    }

    /** The drive is used no more: its memory holds zeros again. */
    void wipe() {
        for (int sector = 0; sector < mediaContents.length; sector++) {
            if (mediaContents[sector] != 0) {
                media.asSlice((long) sector * SECTOR, SECTOR).fill((byte) 0);
            }
            if (visibleChanged || visibleContents[sector] != 0) {
                visible.asSlice((long) sector * SECTOR, SECTOR).fill((byte) 0);
            }
        }
    }

    /** What the image shows is on the media now, and nothing else is. */
    void restart(CutImage image) {
        image.settle();
        for (int sector = 0; sector < visibleContents.length; sector++) {
            if (visibleChanged || visibleContents[sector] != mediaContents[sector]) {
                long offset = (long) sector * SECTOR;
                MemorySegment.copy(media, offset, visible, offset, SECTOR);
                visibleContents[sector] = mediaContents[sector];
            }
        }
        starting.forEach(this::recycle);
        starting.clear();
        ended.forEach(this::recycle);
        ended.clear();
        Arrays.fill(mediaOrder, 0);
    }
}
