package io.vnvme.drive.ram;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Segments;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.Memfd;
import io.vnvme.os.Stat;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A drive in memory: reads zeros where nothing was written, and forgets all when the last process ends that has it. */
public final class RamDrive implements Drive {
    private static final int BLOCK_SIZE = 512;
    /** Longest single copy or fill: what keeps the time to a safepoint short. */
    private static final long SLICE_BYTES = 1 << 20;

    private final String name;
    private final Mapping mapping;
    private final MemorySegment memory;
    private final @Nullable Fd file;

    private RamDrive(String name, Mapping mapping, @Nullable Fd file) {
        this.name = name;
        this.mapping = mapping;
        this.file = file;
        this.memory = mapping.segment();
    }

    /**
     * @param sizeBytes a positive multiple of 4096
     * @throws io.vnvme.os.NativeException when the host has no such memory to give
     */
    public static RamDrive create(String name, long sizeBytes) {
        return new RamDrive(name, Mapping.anonymous(checked(sizeBytes), true), null);
    }

    private static long checked(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes % 4096 != 0) {
            throw new IllegalArgumentException(
                    "size of a RAM drive: %d bytes is no multiple of 4096".formatted(sizeBytes));
        }
        return sizeBytes;
    }

    /** The same in a {@link #file} that another process can hold: what is written stays for as long as one has it. */
    public static RamDrive inFile(String name, long sizeBytes) {
        return of(name, Memfd.create("vnvme-ram", checked(sizeBytes)));
    }

    /**
     * The drive whose memory another process held.
     *
     * @param file its owner from now on, also when it fails
     */
    public static RamDrive of(String name, Fd file) {
        try {
            Mapping mapping = Mapping.shared(file, 0, Stat.sizeBytes(file), true);
            mapping.adviseHugePages();
            return new RamDrive(name, mapping, file);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** What its memory lies in, if that is a file; it stays the drive's. */
    public Optional<Fd> file() {
        return Optional.ofNullable(file);
    }

    /** The same for a drive of which only little will be written: pages of the host are taken one by one. */
    public static RamDrive sparse(String name, long sizeBytes) {
        return new RamDrive(name, Mapping.anonymous(sizeBytes, false), null);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sizeBytes() {
        return memory.byteSize();
    }

    @Override
    public int blockSizeBytes() {
        return BLOCK_SIZE;
    }

    @Override
    public boolean volatileWriteCache() {
        return false;
    }

    @Override
    public boolean synchronous() {
        return true;
    }

    @Override
    public int submit(Io io) {
        switch (io.operation()) {
            case Io.READ -> read(io.offsetBytes(), io.data());
            case Io.WRITE -> write(io.offsetBytes(), io.data());
            case Io.WRITE_ZEROES -> zero(io.offsetBytes(), io.lengthBytes());
            case Io.DEALLOCATE -> deallocate(io.offsetBytes(), io.lengthBytes());
            case Io.FLUSH -> {
                // Nothing is between a copy and this media.
            }
            default -> {
                return IoStatus.UNSUPPORTED;
            }
        }
        return IoStatus.OK;
    }

    private void read(long offsetBytes, Segments data) {
        long from = offsetBytes;
        for (int i = 0; i < data.count(); i++) {
            copy(memory, from, data.memory(i), data.offset(i), data.length(i));
            from += data.length(i);
        }
    }

    private void write(long offsetBytes, Segments data) {
        long to = offsetBytes;
        for (int i = 0; i < data.count(); i++) {
            copy(data.memory(i), data.offset(i), memory, to, data.length(i));
            to += data.length(i);
        }
    }

    private static void copy(MemorySegment source, long from, MemorySegment target, long to, long length) {
        if (length <= SLICE_BYTES) {
            MemorySegment.copy(source, from, target, to, length);
            return;
        }
        for (long done = 0; done < length; done += SLICE_BYTES) {
            MemorySegment.copy(source, from + done, target, to + done, Math.min(SLICE_BYTES, length - done));
        }
    }

    private void zero(long offsetBytes, long lengthBytes) {
        for (long done = 0; done < lengthBytes; done += SLICE_BYTES) {
            memory.asSlice(offsetBytes + done, Math.min(SLICE_BYTES, lengthBytes - done))
                    .fill((byte) 0);
        }
    }

    /** Whole pages go back to the host; the edges are zeroed. */
    private void deallocate(long offsetBytes, long lengthBytes) {
        long end = offsetBytes + lengthBytes;
        long firstPage = (offsetBytes + 4095) & -4096L;
        long lastPage = end & -4096L;
        if (lastPage <= firstPage) {
            zero(offsetBytes, lengthBytes);
            return;
        }
        zero(offsetBytes, firstPage - offsetBytes);
        mapping.discard(firstPage, lastPage - firstPage);
        zero(lastPage, end - lastPage);
    }

    @Override
    public void close() {
        mapping.close();
        if (file != null) {
            file.close();
        }
    }
}
