package io.vnvme.testkit.sim;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Segments;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What a power cut of a {@link PowerCutDrive} leaves, as a drive of its own that ends all work at once.
 *
 * <p>It shares the drive's media and the data of its cache; a table says for each sector which of them shows. A table entry
 * counts only while its block of 4 KiB carries the number of this image, so that taking a new image touches nothing but the
 * sectors of surviving writes. Valid until the drive moves on.
 */
public final class CutImage implements Drive {
    private static final int SECTOR = PowerCutDrive.SECTOR;
    private static final int BLOCK_SECTORS = 8;
    private static final ValueLayout.OfLong STAMP = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** Table entries; positive ones are 1 + the sector in the drive's payloads. */
    private static final int ON_MEDIA = 0;

    private static final int ZEROS = -1;
    private static final int OWN = -2;

    private final PowerCutDrive drive;
    private final int[] source;
    private final int[] blockImage;
    private final Arena arena;
    private @Nullable MemorySegment own;
    private @Nullable ReadLog log;
    private int imageNumber;
    private long writes;

    /** @param arena of the thread that steps the drive */
    public CutImage(PowerCutDrive drive, Arena arena) {
        this.drive = drive;
        this.arena = arena;
        int sectors = PowerCutDrive.sector(drive.sizeBytes());
        source = new int[sectors];
        blockImage = new int[(sectors + BLOCK_SECTORS - 1) / BLOCK_SECTORS];
    }

    /** Writes that were made to this image. */
    public long writes() {
        return writes;
    }

    /** Becomes what a cut at this moment leaves. */
    public void take(Survival survival, SplittableRandom random) {
        imageNumber++;
        writes = 0;
        List<CachedWrite> ended = drive.cache().ended();
        List<CachedWrite> starting = drive.cache().starting();
        int count = ended.size() + starting.size();
        int chosen = count == 0 ? 0 : random.nextInt(count);
        int limit = survival == Survival.PREFIX ? random.nextInt(ended.size() + 1) : 0;
        for (int i = 0; i < count; i++) {
            boolean over = i < ended.size();
            CachedWrite write = over ? ended.get(i) : starting.get(i - ended.size());
            switch (survival) {
                case NONE -> {}
                case ENDED -> keep(write, over);
                case ALL -> keep(write, true);
                case PREFIX -> {
                    if (over) {
                        keep(write, i < limit);
                    } else {
                        tear(write, random);
                    }
                }
                case SUBSET -> keep(write, random.nextBoolean());
                case TORN -> tear(write, random);
                case ALL_BUT_ONE -> keep(write, i != chosen);
                case ONE_ALONE -> keep(write, i == chosen);
            }
        }
    }

    /** Becomes what a cut leaves of which exactly these writes survive: bit i of {@code mask} is the i-th that may. */
    public void take(long mask) {
        imageNumber++;
        writes = 0;
        int endedCount = drive.cache().ended().size();
        for (int i = 0; i < endedCount; i++) {
            keep(drive.cache().ended().get(i), (mask >> i & 1) != 0);
        }
        for (int i = 0; i < drive.cache().starting().size(); i++) {
            keep(drive.cache().starting().get(i), (mask >> (endedCount + i) & 1) != 0);
        }
    }

    /** How many writes may or may not survive a cut at this moment. */
    public int uncertain() {
        return drive.cache().ended().size() + drive.cache().starting().size();
    }

    private void keep(CachedWrite write, boolean kept) {
        if (kept) {
            for (int i = 0; i < write.sectorCount; i++) {
                keepSector(write, i);
            }
        }
    }

    /** Each unit of tearing by chance, or a first part only. */
    private void tear(CachedWrite write, SplittableRandom random) {
        int unit = drive.tornBytes() / SECTOR;
        boolean head = random.nextBoolean();
        int end = head ? random.nextInt(write.sectorCount / unit + 1) * unit : write.sectorCount;
        long coins = random.nextLong();
        for (int i = 0; i < end; i++) {
            if (head || (coins >>> (i / unit & 63) & 1) != 0) {
                keepSector(write, i);
            }
        }
    }

    private void keepSector(CachedWrite write, int index) {
        int sector = write.firstSector + index;
        if (drive.cache().newerThanMedia(write, sector)) {
            touch(sector / BLOCK_SECTORS);
            source[sector] = write.zeros ? ZEROS : write.slot + index + 1;
        }
    }

    private void touch(int block) {
        if (blockImage[block] != imageNumber) {
            blockImage[block] = imageNumber;
            int first = block * BLOCK_SECTORS;
            int end = Math.min(source.length, first + BLOCK_SECTORS);
            for (int i = first; i < end; i++) {
                source[i] = ON_MEDIA;
            }
        }
    }

    /** False where a latent error is. */
    public boolean readable(long offsetBytes, long lengthBytes) {
        return drive.readable(PowerCutDrive.sector(offsetBytes), PowerCutDrive.sector(lengthBytes));
    }

    /** Reads the first eight bytes of each sector, {@code count} of them, into {@code target}. */
    public void stamps(long offsetBytes, long[] target, int at, int count) {
        int first = PowerCutDrive.sector(offsetBytes);
        System.arraycopy(drive.cache().mediaStamps(), first, target, at, count);
        for (int from = first; from < first + count; ) {
            int to = Math.min((from / BLOCK_SECTORS + 1) * BLOCK_SECTORS, first + count);
            if (blockImage[from / BLOCK_SECTORS] == imageNumber) {
                for (int sector = from; sector < to; sector++) {
                    target[at + sector - first] = stamp(sector);
                }
            }
            from = to;
        }
    }

    private long stamp(int sector) {
        int from = source[sector];
        return switch (from) {
            case ON_MEDIA -> drive.cache().mediaStamps()[sector];
            case ZEROS -> 0;
            case OWN -> own().get(STAMP, (long) sector * SECTOR);
            default -> drive.cache().payloadSectors().stamp(from - 1);
        };
    }

    /** The four bytes at that place, which lie in one sector. */
    public int word(long offsetBytes) {
        int sector = PowerCutDrive.sector(offsetBytes);
        int from = blockImage[sector / BLOCK_SECTORS] == imageNumber ? source[sector] : ON_MEDIA;
        long inSector = offsetBytes % SECTOR;
        return switch (from) {
            case ON_MEDIA -> drive.cache().media().get(WORD, offsetBytes);
            case ZEROS -> 0;
            case OWN -> own().get(WORD, offsetBytes);
            default -> drive.cache().payloads().get(WORD, (from - 1L) * SECTOR + inSector);
        };
    }

    /** Notes from now on what is read, up to {@code null}. */
    public void log(@Nullable ReadLog next) {
        log = next;
    }

    /**
     * The number of what a sector holds: the same number is the same content, whatever the moment of the cut.
     * {@link ReadLog#UNREADABLE} when that is an error, {@link ReadLog#OWN} when it was written to this image: both are negative.
     */
    public long content(int sector) {
        if (!drive.readable(sector, 1)) {
            return ReadLog.UNREADABLE;
        }
        int from = blockImage[sector / BLOCK_SECTORS] == imageNumber ? source[sector] : ON_MEDIA;
        return switch (from) {
            case ON_MEDIA -> drive.cache().mediaContents()[sector];
            case ZEROS -> 0;
            case OWN -> ReadLog.OWN;
            default -> drive.cache().payloadSectors().content(from - 1);
        };
    }

    @Override
    public String name() {
        return drive.name();
    }

    @Override
    public long sizeBytes() {
        return drive.sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return drive.blockSizeBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return true;
    }

    @Override
    public int submit(Io io) {
        int first = PowerCutDrive.sector(io.offsetBytes());
        int count = PowerCutDrive.sector(io.lengthBytes());
        switch (io.operation()) {
            case Io.READ -> {
                if (log != null) {
                    log.add(this, first, count);
                }
                if (!drive.readable(first, count)) {
                    return IoStatus.READ_ERROR;
                }
                move(io, first);
            }
            case Io.WRITE -> {
                writes++;
                ownSectors(first, count);
                io.data().copyTo(0, own(), io.offsetBytes(), io.lengthBytes());
            }
            case Io.WRITE_ZEROES, Io.DEALLOCATE -> {
                writes++;
                for (int i = first; i < first + count; i++) {
                    touch(i / BLOCK_SECTORS);
                    source[i] = ZEROS;
                }
            }
            case Io.FLUSH -> {}
            default -> {
                return IoStatus.UNSUPPORTED;
            }
        }
        return IoStatus.OK;
    }

    private MemorySegment own() {
        MemorySegment memory = own;
        if (memory == null) {
            memory = KeptMemory.dirty(arena, drive.sizeBytes());
            own = memory;
        }
        return memory;
    }

    private void ownSectors(int first, int count) {
        for (int i = first; i < first + count; i++) {
            touch(i / BLOCK_SECTORS);
            source[i] = OWN;
        }
    }

    private void move(Io io, int firstSector) {
        Segments data = io.data();
        int sector = firstSector;
        for (int i = 0; i < data.count(); i++) {
            MemorySegment target = data.memory(i);
            long at = data.offset(i);
            long end = at + data.length(i);
            while (at < end) {
                int sectors = (int) Math.min((end - at) / SECTOR, BLOCK_SECTORS - sector % BLOCK_SECTORS);
                moveWithinBlock(sector, sectors, target, at);
                sector += sectors;
                at += (long) sectors * SECTOR;
            }
        }
    }

    private void moveWithinBlock(int first, int count, MemorySegment target, long at) {
        if (blockImage[first / BLOCK_SECTORS] != imageNumber) {
            MemorySegment.copy(drive.cache().media(), (long) first * SECTOR, target, at, (long) count * SECTOR);
            return;
        }
        for (int i = 0; i < count; i++) {
            int from = source[first + i];
            long to = at + (long) i * SECTOR;
            if (from == ZEROS) {
                target.asSlice(to, SECTOR).fill((byte) 0);
                continue;
            }
            MemorySegment memory = from == ON_MEDIA
                    ? drive.cache().media()
                    : from == OWN ? own() : drive.cache().payloads();
            long offset = (long) (from > 0 ? from - 1 : first + i) * SECTOR;
            MemorySegment.copy(memory, offset, target, to, SECTOR);
        }
    }

    /** The media becomes what this image shows. */
    void settle() {
        MemorySegment media = drive.cache().media();
        long[] contents = drive.cache().mediaContents();
        long[] stamps = drive.cache().mediaStamps();
        for (int block = 0; block < blockImage.length; block++) {
            if (blockImage[block] == imageNumber) {
                int first = block * BLOCK_SECTORS;
                int count = Math.min(BLOCK_SECTORS, source.length - first);
                for (int sector = first; sector < first + count; sector++) {
                    stamps[sector] = stamp(sector);
                    contents[sector] = settledContent(sector);
                }
                moveWithinBlock(first, count, media, (long) first * SECTOR);
            }
        }
    }

    private long settledContent(int sector) {
        return switch (source[sector]) {
            case ON_MEDIA -> drive.cache().mediaContents()[sector];
            case ZEROS -> 0;
            case OWN -> drive.cache().newContent();
            default -> drive.cache().payloadSectors().content(source[sector] - 1);
        };
    }

    @Override
    public void close() {}
}
