package io.vnvme.testkit.sim;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Clock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A drive with a volatile write cache whose power can be cut at any moment: {@link CutImage} shows what may be left then.
 *
 * <p>Work ends after seeded delays, in another order than it began. A write is on the media when a flush that began after
 * the write had ended has ended, when it had Force Unit Access and has ended, or when the drive feels like it. Until then
 * each of its sectors may or may not survive, independently of all others. A sector, here the drive's logical block if
 * {@link #tearing} does not say less, is never torn.
 *
 * <p>The one that steps it is its only thread. What the engine does wrong at this interface - a range beyond the end, memory
 * that changes while a write of it is under way - is an {@link AssertionError}.
 */
public final class PowerCutDrive implements Drive {
    /** The unit of account, in bytes; the unit of tearing is the logical block. */
    public static final int SECTOR = 512;

    /** One unit of work under way. */
    private static final class Work {
        final Io io;
        final long dueNs;
        /** Of a flush: what ended before this covers. */
        final long mark;
        /** Of a flush: whether the drive does it. */
        final boolean honest;

        final @Nullable CachedWrite write;

        Work(Io io, long dueNs, long mark, boolean honest, @Nullable CachedWrite write) {
            this.io = io;
            this.dueNs = dueNs;
            this.mark = mark;
            this.honest = honest;
            this.write = write;
        }
    }

    private final String name;
    private final int blockSizeBytes;
    private final Clock clock;
    private final SplittableRandom random;
    private final long sizeBytes;
    private final WriteCache cache;
    private final List<Work> underWay = new ArrayList<>();
    private final boolean[] unreadable;
    private DriveListener listener = DriveListener.NOBODY;
    private FlushHonesty honesty = FlushHonesty.ALWAYS;
    private WriteFate fate = WriteFate.HONEST;
    private int tornBytes;
    private boolean latent;
    private Faults faults;
    private double immediateShare;
    private boolean instant;
    private long events;
    private long flushes;
    private long lastWriteOffset;
    private int writesToLose;
    private long misdirectTo = -1;
    private boolean gone;

    /** @param arena of the thread that steps the drive */
    public PowerCutDrive(
            String name,
            long sizeBytes,
            int blockSizeBytes,
            Clock clock,
            Faults faults,
            SplittableRandom random,
            Arena arena) {
        this.name = name;
        this.blockSizeBytes = blockSizeBytes;
        tornBytes = blockSizeBytes;
        this.clock = clock;
        this.faults = faults;
        this.random = random;
        this.sizeBytes = sizeBytes;
        cache = new WriteCache(sizeBytes, arena);
        unreadable = new boolean[sector(sizeBytes)];
    }

    public void listener(DriveListener next) {
        listener = next;
    }

    /** Changes how work that is submitted from now on behaves. */
    public void faults(Faults next) {
        faults = next;
    }

    /** The part of the work that ends inside {@link #submit}, 0 to 1. */
    public void immediate(double share) {
        immediateShare = share;
    }

    /** While instant, all work ends inside {@link #submit}. */
    public void instant(boolean now) {
        instant = now;
    }

    /** Which flushes the drive does from now on; the others it only says to have done. */
    public void honesty(FlushHonesty next) {
        honesty = next;
    }

    /** What is torn by a power cut are units of this size: a file keeps less whole than its block. */
    public void tearing(int unitBytes) {
        tornBytes = unitBytes;
    }

    int tornBytes() {
        return tornBytes;
    }

    /** Asks from now on where each write of data ends up. */
    public void fate(WriteFate next) {
        fate = next;
    }

    /** The next writes end well and are nowhere. */
    public void loseWrites(int count) {
        writesToLose = count;
    }

    /** The next write ends well and is at that offset instead. */
    public void misdirectWrite(long offsetBytes) {
        misdirectTo = offsetBytes;
    }

    /** The range cannot be read until it is written. */
    public void latentError(long offsetBytes, long lengthBytes) {
        latent = true;
        for (long at = offsetBytes; at < offsetBytes + lengthBytes; at += SECTOR) {
            unreadable[sector(at)] = true;
        }
    }

    /** True while some range cannot be read. */
    public boolean latent() {
        for (int i = 0; latent && i < unreadable.length; i++) {
            if (unreadable[i]) {
                return true;
            }
        }
        latent = false;
        return false;
    }

    /** Everything can be read again. */
    public void mend() {
        latent = false;
        Arrays.fill(unreadable, false);
    }

    public boolean gone() {
        return gone;
    }

    /** While gone, everything ends as {@link IoStatus#GONE}. */
    public void gone(boolean next) {
        gone = next;
    }

    /** Work submitted and not ended. */
    public int pendingCount() {
        return underWay.size();
    }

    /** Things that changed what a cut may leave: grows with each write begun or ended and each flush. */
    public long events() {
        return events;
    }

    /** Flushes done, and writes with Force Unit Access. */
    public long flushes() {
        return flushes;
    }

    /** Nobody uses the drive any more. To be called before {@link KeptMemory} that it has is closed. */
    public void wipe() {
        cache.wipe();
    }

    /** What reads see, for who may change it. */
    public MemorySegment visible() {
        cache.visibleChanged();
        return cache.visible();
    }

    /** What reads see. */
    public MemorySegment seen() {
        return cache.visible().asReadOnly();
    }

    WriteCache cache() {
        return cache;
    }

    boolean readable(int firstSector, int count) {
        for (int i = firstSector; latent && i < firstSector + count; i++) {
            if (unreadable[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public int blockSizeBytes() {
        return blockSizeBytes;
    }

    @Override
    public boolean volatileWriteCache() {
        return true;
    }

    @Override
    public int submit(Io io) {
        check(io);
        CachedWrite write = null;
        boolean honest = true;
        switch (io.operation()) {
            case Io.READ -> listener.event(this, "read", io.offsetBytes(), io.lengthBytes());
            case Io.WRITE, Io.WRITE_ZEROES, Io.DEALLOCATE -> write = begin(io);
            case Io.FLUSH -> {
                honest = honesty.honest(lastWriteOffset);
                listener.event(this, "flush", 0, 0);
            }
            default -> {
                return IoStatus.UNSUPPORTED;
            }
        }
        long delay = faults.delayMaxNs() == 0 ? 0 : random.nextLong(faults.delayMinNs(), faults.delayMaxNs() + 1);
        Work work = new Work(io, clock.nowNs() + delay, cache.order(), honest, write);
        if (instant || immediateShare > 0 && random.nextDouble() < immediateShare) {
            return perform(work);
        }
        underWay.add(work);
        return IoStatus.PENDING;
    }

    private void check(Io io) {
        if (io.operation() == Io.FLUSH) {
            return;
        }
        long offset = io.offsetBytes();
        long length = io.lengthBytes();
        if (offset < 0
                || length <= 0
                || offset > sizeBytes - length
                || offset % blockSizeBytes != 0
                || length % blockSizeBytes != 0) {
            throw new AssertionError(
                    "drive %s of %d bytes was asked for %d bytes at %d".formatted(name, sizeBytes, length, offset));
        }
        boolean moves = io.operation() == Io.READ || io.operation() == Io.WRITE;
        if (moves && io.data().totalBytes() != length) {
            throw new AssertionError("drive %s was asked for %d bytes at %d with memory for %d"
                    .formatted(name, length, offset, io.data().totalBytes()));
        }
    }

    private CachedWrite begin(Io io) {
        events++;
        lastWriteOffset = io.offsetBytes();
        boolean zeros = io.operation() != Io.WRITE;
        listener.event(
                this,
                zeros ? "zeros" : io.forceUnitAccess() ? "write fua" : "write",
                io.offsetBytes(),
                io.lengthBytes());
        return cache.begin(io);
    }

    @Override
    public int poll(long nowNs) {
        int due = 0;
        for (int i = 0; i < underWay.size(); i++) {
            due += underWay.get(i).dueNs <= nowNs ? 1 : 0;
        }
        if (due == 0) {
            return 0;
        }
        // One at a time, by chance: a cut can be between any two.
        int chosen = random.nextInt(due);
        int index = -1;
        while (chosen >= 0) {
            index++;
            chosen -= underWay.get(index).dueNs <= nowNs ? 1 : 0;
        }
        Work work = underWay.remove(index);
        work.io.complete(perform(work));
        return 1;
    }

    @Override
    public long prepareSleep(long nowNs) {
        long dueNs = UNLIMITED;
        for (int i = 0; i < underWay.size(); i++) {
            dueNs = Math.min(dueNs, underWay.get(i).dueNs);
        }
        return dueNs == UNLIMITED ? UNLIMITED : Math.max(0, dueNs - nowNs);
    }

    private int perform(Work work) {
        Io io = work.io;
        if (gone) {
            if (work.write != null) {
                cache.drop(work.write);
            }
            return IoStatus.GONE;
        }
        boolean fails = faults.errorShare() > 0 && random.nextDouble() < faults.errorShare();
        CachedWrite write = work.write;
        if (write != null) {
            if (fails) {
                // What a failed write left on the media is not known: here it may survive like any other.
                end(io, write);
                return IoStatus.WRITE_ERROR;
            }
            end(io, write);
            return IoStatus.OK;
        }
        if (io.operation() == Io.FLUSH) {
            listener.event(this, work.honest ? "flushed" : "flush not done", 0, 0);
            if (work.honest) {
                cache.settleUpTo(work.mark);
                flushes++;
                events++;
            }
            return IoStatus.OK;
        }
        if (fails || !readable(sector(io.offsetBytes()), sector(io.lengthBytes()))) {
            return IoStatus.READ_ERROR;
        }
        io.data().copyFrom(0, cache.visible(), io.offsetBytes(), io.lengthBytes());
        return IoStatus.OK;
    }

    private void end(Io io, CachedWrite write) {
        events++;
        listener.event(this, "written", io.offsetBytes(), io.lengthBytes());
        if (!cache.unchanged(io, write)) {
            throw new AssertionError("drive %s: memory changed under a write of %d bytes at %d"
                    .formatted(name, io.lengthBytes(), io.offsetBytes()));
        }
        if (writesToLose > 0) {
            writesToLose--;
            cache.drop(write);
            return;
        }
        long place = write.zeros
                ? WriteFate.DONE
                : fate.of(this, io.offsetBytes(), io.lengthBytes(), cache.payloads(), (long) write.slot * SECTOR);
        if (place == WriteFate.LOST) {
            cache.drop(write);
            return;
        }
        if (misdirectTo >= 0 || place >= 0) {
            write.firstSector = sector(place >= 0 ? place : misdirectTo);
            misdirectTo = -1;
        }
        Arrays.fill(unreadable, write.firstSector, write.firstSector + write.sectorCount, false);
        flushes += write.forceUnitAccess ? 1 : 0;
        cache.end(write, random);
    }

    /** The power was cut and is back: what the image shows is on the media now, and nothing else is. */
    public void restart(CutImage image) {
        underWay.clear();
        cache.restart(image);
        events++;
        listener.event(this, "power back", 0, 0);
    }

    static int sector(long bytes) {
        return (int) (bytes / SECTOR);
    }

    @Override
    public void close() {}
}
