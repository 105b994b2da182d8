package io.vnvme.frontend.vfiouser;

import io.vnvme.handover.Holder;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.NativeException;
import io.vnvme.os.Reclaimer;
import io.vnvme.os.Stat;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The files that a client's memory lies in, each mapped once as a whole however many regions are cut from it.
 *
 * <p>A guest behind a virtual IOMMU maps and unmaps a few pages for every command: with the file mapped already that is a
 * look-up, and one client cannot use up the number of mappings that the kernel allows this process.
 */
final class FileMappings {
    /** Address space that one client can take, of the 128 TiB that a process has. */
    private static final long TOTAL_MAX_BYTES = 4L << 40;

    /** The kernel allows a process 65,530 mappings: no client gets more than a small part of them. */
    private static final int FILES_MAX = 1024;

    private final Reclaimer reclaimer;
    private final Holder holder;
    private final BitSet numbers = new BitSet();
    private final Map<Key, Entry> entries = new HashMap<>();
    private final Set<Entry> live = new HashSet<>();
    private long totalBytes;

    /** @param holder keeps the files for another process: {@code file.NUMBER.} */
    FileMappings(Reclaimer reclaimer, Holder holder) {
        this.reclaimer = reclaimer;
        this.holder = holder;
    }

    private record Key(long device, long inode, boolean writable) {
        static Key of(Stat stat, boolean writable) {
            return new Key(stat.device(), stat.inode(), writable);
        }
    }

    /** A mapped file and how many regions use it. */
    private static final class Entry {
        private final Key key;
        private final int number;
        private final Mapping mapping;
        private final Fd fd;
        private int uses;

        /** @param fd of its own, to look at the file's size again */
        Entry(Key key, int number, Mapping mapping, Fd fd) {
            this.key = key;
            this.number = number;
            this.mapping = mapping;
            this.fd = fd;
        }

        long sizeBytes() {
            return mapping.segment().byteSize();
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

        /** Of the file, by which it is held. */
        int file() {
            return entry.number;
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
        Key key = Key.of(stat, writable);
        Entry entry = entries.get(key);
        if (entry == null || entry.sizeBytes() < offset + available) {
            // A file that has grown is mapped anew; the old mapping goes with the last region cut from it.
            entry = mapped(fd, key, stat.sizeBytes(), numbers.nextClearBit(0));
            holder.keep(name(entry.number), fd.number());
        }
        return part(entry, offset, available);
    }

    private static Part part(Entry entry, long offset, long sizeBytes) {
        entry.uses++;
        return new Part(entry, entry.mapping.segment().asSlice(offset, sizeBytes));
    }

    static String name(int number) {
        return "file.%d.".formatted(number);
    }

    /** A part of a file that another process had mapped, and that is held under a number. */
    Part adopt(int number, Fd fd, long offset, long sizeBytes, boolean writable) {
        Stat stat = Stat.of(fd);
        Entry entry = live.stream()
                .filter(e -> e.number == number)
                .findFirst()
                .orElseGet(() -> mapped(fd, Key.of(stat, writable), stat.sizeBytes(), number));
        return part(entry, offset, Math.min(sizeBytes, entry.sizeBytes() - offset));
    }

    /** True when a file is shorter than it was when it was mapped: to touch its memory is a fault. */
    boolean shrunk() {
        for (Entry entry : live) {
            if (Stat.sizeBytes(entry.fd) < entry.sizeBytes()) {
                return true;
            }
        }
        return false;
    }

    /** Ends the use of a part; the last one gives the file back. */
    void release(Part part) {
        Entry entry = part.entry;
        if (--entry.uses > 0) {
            return;
        }
        entries.remove(entry.key, entry);
        live.remove(entry);
        numbers.clear(entry.number);
        holder.drop(name(entry.number));
        totalBytes -= entry.sizeBytes();
        entry.fd.close();
        reclaimer.close(entry.mapping);
    }

    private Entry mapped(Fd fd, Key key, long sizeBytes, int number) {
        if (sizeBytes > TOTAL_MAX_BYTES - totalBytes) {
            throw new RequestException(Errno.ENOMEM, "more than 4 TiB of memory");
        }
        if (live.size() >= FILES_MAX) {
            throw new RequestException(Errno.ENOSPC, "memory in more than %d files".formatted(FILES_MAX));
        }
        Fd own = fd.duplicate();
        try {
            Entry entry = new Entry(key, number, Mapping.shared(own, 0, sizeBytes, key.writable()), own);
            totalBytes += sizeBytes;
            numbers.set(number);
            entries.put(key, entry);
            live.add(entry);
            return entry;
        } catch (NativeException e) {
            own.close();
            throw new RequestException(e);
        }
    }
}
