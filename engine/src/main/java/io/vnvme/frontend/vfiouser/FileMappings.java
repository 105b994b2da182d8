package io.vnvme.frontend.vfiouser;

import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.NativeException;
import io.vnvme.os.Reclaimer;
import io.vnvme.os.Stat;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files that a client's memory lies in, each mapped once as a whole however many regions are cut from it.
 *
 * <p>A guest behind a virtual IOMMU maps and unmaps a few pages for every command: with the file mapped already that is a
 * look-up, and one client cannot use up the number of mappings that the kernel allows this process.
 */
final class FileMappings {
    /** Address space that one client can take, of the 128 TiB that a process has. */
    private static final long TOTAL_MAX_BYTES = 4L << 40;

    private final Reclaimer reclaimer;
    private final Map<Key, Entry> entries = new HashMap<>();
    private long totalBytes;

    FileMappings(Reclaimer reclaimer) {
        this.reclaimer = reclaimer;
    }

    private record Key(long device, long inode, boolean writable) {}

    /** A mapped file and how many regions use it. */
    private static final class Entry {
        private final @Nullable Key key;
        private final Mapping mapping;
        private int uses;

        Entry(@Nullable Key key, Mapping mapping) {
            this.key = key;
            this.mapping = mapping;
        }
    }

    /** A part of a file in memory, until {@link #release}. */
    static final class Part {
        private final Entry entry;
        private final MemorySegment segment;

        private Part(Entry entry, MemorySegment segment) {
            this.entry = entry;
            this.segment = segment;
        }

        MemorySegment segment() {
            return segment;
        }
    }

    /**
     * The bytes {@code [offset, offset + size)} of a file, or as many of them as the file has: memory beyond its end
     * would be fatal to touch. The descriptor stays the caller's.
     *
     * @throws RequestException when the file has none of them, or they cannot be mapped
     */
    Part map(Fd fd, long offset, long sizeBytes, boolean writable) {
        Stat stat = Stat.of(fd);
        if (offset < 0 || offset >= stat.sizeBytes()) {
            throw new RequestException(
                    Errno.EINVAL, "offset 0x%x of a file of %d bytes".formatted(offset, stat.sizeBytes()));
        }
        long available = Math.min(sizeBytes, stat.sizeBytes() - offset);
        Key key = new Key(stat.device(), stat.inode(), writable);
        Entry entry = entries.get(key);
        try {
            if (entry == null) {
                entry = new Entry(key, mapped(fd, 0, stat.sizeBytes(), writable));
                entries.put(key, entry);
            } else if (entry.mapping.segment().byteSize() < offset + available) {
                // The file has grown since: this part gets a mapping of its own.
                entry = new Entry(null, mapped(fd, offset, available, writable));
                offset = 0;
            }
        } catch (NativeException e) {
            throw new RequestException(e);
        }
        entry.uses++;
        return new Part(entry, entry.mapping.segment().asSlice(offset, available));
    }

    /** Ends the use of a part; the last one gives the file back. */
    void release(Part part) {
        Entry entry = part.entry;
        if (--entry.uses > 0) {
            return;
        }
        if (entry.key != null) {
            entries.remove(entry.key);
        }
        totalBytes -= entry.mapping.segment().byteSize();
        reclaimer.close(entry.mapping);
    }

    private Mapping mapped(Fd fd, long offset, long sizeBytes, boolean writable) {
        if (sizeBytes > TOTAL_MAX_BYTES - totalBytes) {
            throw new RequestException(Errno.ENOMEM, "more than 4 TiB of memory");
        }
        Mapping mapping = Mapping.shared(fd, offset, sizeBytes, writable);
        totalBytes += sizeBytes;
        return mapping;
    }
}
