package io.vnvme.drive.uring;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Region;
import io.vnvme.memory.Segments;
import io.vnvme.os.Errno;
import io.vnvme.os.uring.Entry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A file or block device as the thread of one {@link DriveRing} uses it.
 *
 * <p>Data moves between the device and the caller's own memory. Only what direct transfers cannot use - pieces that are
 * not aligned as the device needs it - goes through memory of the ring's.
 */
public final class UringDrive implements Drive {
    /** Most that one FALLOCATE is about: what keeps a thread of the kernel from being away for long. */
    private static final long ALLOCATE_MAX = 1L << 30;

    private static final int RETRIES_MAX = 1000;
    private static final MemorySegment ZEROS = Arena.global().allocate(1 << 20, 4096);

    private final String name;
    private final DriveFile file;
    private DriveRing ring;
    private final DriveHealth health;
    private final boolean writeCache;
    private final int memoryMask;
    private final int lengthMask;
    private final Clearing clearing;
    private int slot;
    private int pending;
    private boolean gone;
    private boolean submitting;

    /**
     * @param name as the administrator knows it
     * @param health where errors are counted: of the drive, whichever thread uses it
     */
    public UringDrive(String name, DriveFile file, DriveRing ring, DriveHealth health) {
        this.name = name;
        this.file = file;
        this.ring = ring;
        this.health = health;
        Geometry geometry = file.geometry();
        writeCache = geometry.writeCache();
        memoryMask = geometry.memoryAlignBytes() - 1;
        lengthMask = geometry.direct() ? geometry.blockBytes() - 1 : 0;
        clearing = new Clearing(file.device());
        slot = ring.addFile(file.fd());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sizeBytes() {
        return file.geometry().sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return file.geometry().blockBytes();
    }

    @Override
    public int physicalBlockBytes() {
        return file.geometry().physicalBlockBytes();
    }

    @Override
    public int optimalIoBytes() {
        return file.geometry().optimalIoBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return writeCache;
    }

    public DriveFile file() {
        return file;
    }

    public DriveHealth health() {
        return health;
    }

    /** Work submitted and not ended. */
    public int pending() {
        return pending;
    }

    @Override
    public int submit(Io io) {
        if (gone) {
            return IoStatus.GONE;
        }
        if (io.operation() < Io.READ || io.operation() > Io.DEALLOCATE) {
            return IoStatus.UNSUPPORTED;
        }
        pending++;
        submitting = true;
        try {
            ring.submit(this, io);
        } finally {
            submitting = false;
        }
        return IoStatus.PENDING;
    }

    @Override
    public int poll(long nowNs) {
        return ring.poll(nowNs);
    }

    /** The drive is known to be gone, whether a request has met that or not. On the ring's thread. */
    public void vanished() {
        leave();
    }

    /**
     * The drive is back: {@link DriveFile#reopen} has opened it again. On the ring's thread. The kernel's reference to the
     * device of before goes, if it is still there.
     */
    public void returned() {
        leave();
        slot = ring.addFile(file.fd());
        gone = false;
        health.returned();
    }

    /** Nothing is {@link #pending}: lets go of the ring, on its thread. What is submitted before {@link #enter} is an error. */
    public void leaveRing() {
        if (!gone) {
            ring.removeFile(slot);
        }
    }

    /** Works by another ring from now on, on its thread. */
    public void enter(DriveRing other) {
        ring = other;
        if (!gone) {
            // Whatever comes when the ring does not take it fails.
            gone = true;
            slot = ring.addFile(file.fd());
            gone = false;
        }
    }

    /** Hands the next request for this transfer to the kernel. */
    void start(Transfer transfer) {
        if (gone) {
            end(transfer, IoStatus.GONE);
            return;
        }
        Io io = transfer.io();
        switch (io.operation()) {
            case Io.READ, Io.WRITE -> move(transfer, io);
            case Io.FLUSH -> flush(transfer);
            default -> {
                if (transfer.stage == Transfer.FLUSH) {
                    flush(transfer);
                } else {
                    clear(transfer, io);
                }
            }
        }
    }

    private void move(Transfer transfer, Io io) {
        transfer.stage = Transfer.MOVE;
        boolean read = io.operation() == Io.READ;
        int flags = !read && io.forceUnitAccess() ? Entry.RWF_DSYNC : 0;
        Segments data = io.data();
        long at = io.offsetBytes() + transfer.doneBytes;
        if (data.count() == 1 && transfer.bounce() == null) {
            MemorySegment memory = data.memory(0);
            long offset = data.offset(0) + transfer.doneBytes;
            long address = memory.address() + offset;
            long left = transfer.leftBytes();
            if ((address & memoryMask) == 0 && left <= Integer.MAX_VALUE) {
                Region region = data.region(0);
                int buffer = region == null ? -1 : ring.windows().find(region, offset, left);
                int opcode =
                        buffer < 0 ? (read ? Entry.READ : Entry.WRITE) : (read ? Entry.READ_FIXED : Entry.WRITE_FIXED);
                transfer.askedBytes = left;
                ring.request(transfer, opcode, slot, at, address, (int) left, flags, Math.max(buffer, 0));
                return;
            }
        } else if (transfer.bounce() == null) {
            int pieces = vector(transfer, data);
            if (pieces > 0) {
                long vector = ring.vectors().address() + ring.vectorAt(transfer);
                ring.request(transfer, read ? Entry.READV : Entry.WRITEV, slot, at, vector, pieces, flags, 0);
                return;
            }
        }
        bounced(transfer, io, read, flags);
    }

    /** Writes the pieces that are left as struct iovec. @return how many; 0 when one of them is not aligned */
    private int vector(Transfer transfer, Segments data) {
        MemorySegment vectors = ring.vectors();
        long at = ring.vectorAt(transfer);
        long skip = transfer.doneBytes;
        long bytes = 0;
        int pieces = 0;
        for (int i = 0; i < data.count() && pieces < DriveRing.PIECES_MAX; i++) {
            long length = data.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            long address = data.memory(i).address() + data.offset(i) + skip;
            length -= skip;
            skip = 0;
            if ((address & memoryMask) != 0 || (length & lengthMask) != 0) {
                return 0;
            }
            vectors.set(ValueLayout.JAVA_LONG, at, address);
            vectors.set(ValueLayout.JAVA_LONG, at + Long.BYTES, length);
            at += 2 * Long.BYTES;
            bytes += length;
            pieces++;
        }
        transfer.askedBytes = bytes;
        return pieces;
    }

    private void bounced(Transfer transfer, Io io, boolean read, int flags) {
        MemorySegment bounce = transfer.bounce();
        if (bounce == null) {
            bounce = ring.takeBounce();
            if (bounce == null) {
                ring.stall(transfer);
                return;
            }
            transfer.bounce(bounce);
        }
        long part = Math.min(transfer.leftBytes(), DriveRing.BOUNCE_BYTES);
        transfer.askedBytes = part;
        if (!read) {
            copy(transfer, io, bounce, part, false);
        }
        ring.request(
                transfer,
                read ? Entry.READ : Entry.WRITE,
                slot,
                io.offsetBytes() + transfer.doneBytes,
                bounce.address(),
                (int) part,
                flags,
                0);
    }

    /** A guest can take its memory away: the transfer ends then, and the reactor finds out whose memory it was. */
    private void copy(Transfer transfer, Io io, MemorySegment bounce, long bytes, boolean toCaller) {
        try {
            if (toCaller) {
                io.data().copyFrom(transfer.doneBytes, bounce, 0, bytes);
            } else {
                io.data().copyTo(transfer.doneBytes, bounce, 0, bytes);
            }
        } catch (InternalError | RuntimeException fault) {
            if (submitting) {
                // Who submits hears of it by what is thrown; there is nothing to complete yet.
                pending--;
                ring.discard(transfer);
            } else {
                end(transfer, toCaller ? IoStatus.READ_ERROR : IoStatus.WRITE_ERROR);
            }
            throw fault;
        }
    }

    private void flush(Transfer transfer) {
        transfer.stage = Transfer.FLUSH;
        ring.request(transfer, Entry.FSYNC, slot, 0, 0, 0, Entry.FSYNC_DATASYNC, 0);
    }

    private void clear(Transfer transfer, Io io) {
        long at = io.offsetBytes() + transfer.doneBytes;
        int mode = clearing.mode(io.operation());
        if (mode == Clearing.BY_WRITING) {
            transfer.stage = Transfer.ZERO;
            long part = Math.min(transfer.leftBytes(), ZEROS.byteSize());
            transfer.askedBytes = part;
            ring.request(transfer, Entry.WRITE, slot, at, ZEROS.address(), (int) part, 0, 0);
            return;
        }
        transfer.stage = Transfer.ALLOCATE;
        transfer.askedBytes = Math.min(transfer.leftBytes(), ALLOCATE_MAX);
        ring.request(transfer, Entry.FALLOCATE, slot, at, transfer.askedBytes, mode, 0, 0);
    }

    /** The kernel has answered the request for this transfer. */
    void ended(Transfer transfer, int result) {
        if (result < 0) {
            failed(transfer, -result);
            return;
        }
        switch (transfer.stage) {
            case Transfer.MOVE, Transfer.ZERO -> moved(transfer, result);
            case Transfer.ALLOCATE -> advanced(transfer, transfer.askedBytes);
            default -> end(transfer, IoStatus.OK);
        }
    }

    private void moved(Transfer transfer, int bytes) {
        // Direct transfers go on where a block begins; what is beyond is moved again.
        long whole = bytes & ~(long) lengthMask;
        if (whole == 0) {
            failed(transfer, Errno.EIO);
            return;
        }
        MemorySegment bounce = transfer.bounce();
        if (bounce != null && transfer.io().operation() == Io.READ) {
            copy(transfer, transfer.io(), bounce, whole, true);
        }
        advanced(transfer, whole);
    }

    private void advanced(Transfer transfer, long bytes) {
        transfer.doneBytes += bytes;
        Io io = transfer.io();
        if (transfer.leftBytes() > 0) {
            start(transfer);
        } else if (transfer.stage != Transfer.MOVE && io.forceUnitAccess()) {
            flush(transfer);
        } else {
            end(transfer, IoStatus.OK);
        }
    }

    private void failed(Transfer transfer, int errno) {
        Io io = transfer.io();
        if ((errno == Errno.EAGAIN || errno == Errno.EINTR) && transfer.retries++ < RETRIES_MAX) {
            ring.stall(transfer);
            return;
        }
        if (transfer.stage == Transfer.ALLOCATE && clearing.refused(io.operation(), errno)) {
            start(transfer);
            return;
        }
        boolean vanished = errno == Errno.ENODEV || errno == Errno.ENXIO || errno == Errno.EIO;
        if (vanished && (gone || !file.present())) {
            leave();
            end(transfer, IoStatus.GONE);
            return;
        }
        if (io.operation() == Io.READ) {
            health.readError(errno);
            end(transfer, IoStatus.READ_ERROR);
        } else {
            health.writeError(errno);
            end(transfer, errno == Errno.ENOSPC ? IoStatus.NO_SPACE : IoStatus.WRITE_ERROR);
        }
    }

    /** The device is gone. The kernel lets go of it too, or it could not come back under its old number. */
    private void leave() {
        if (!gone) {
            gone = true;
            health.gone(true);
            ring.removeFile(slot);
        }
    }

    private void end(Transfer transfer, int status) {
        pending--;
        ring.end(transfer, status);
    }

    /** Ends when all its work has. The file stays open. */
    @Override
    public void close() {
        ring.drain(this);
        if (!gone) {
            gone = true;
            ring.removeFile(slot);
        }
    }
}
