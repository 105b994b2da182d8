package io.vnvme.frontend.vfiouser;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.Reclaimer;
import io.vnvme.os.Stat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The DMA regions of one client: what DMA_MAP made and DMA_UNMAP takes away.
 *
 * <p>A region that leaves while commands still use its memory is kept until they end; only then is the unmapping
 * complete (QEMU docs/interop/vfio-user.rst, VFIO_USER_DMA_UNMAP: "must release all references ... before replying").
 */
final class DmaTable {
    private static final int NO_FILE = -1;

    private final GuestMemory memory;
    private final FileMappings files;
    private final RegionRecords records;
    /** By the first address, as unsigned numbers; with the size that the client gave. */
    private final NavigableMap<Long, Entry> entries = new TreeMap<>(Long::compareUnsigned);

    private final List<Unmapping> unmappings = new ArrayList<>();

    DmaTable(GuestMemory memory, Reclaimer reclaimer, ConnectionState state, Holder holder) {
        this.memory = memory;
        this.files = new FileMappings(reclaimer, holder);
        this.records = new RegionRecords(state);
    }

    /**
     * Takes up the regions that another process had.
     *
     * @throws IllegalStateException when a file is not held that one lies in
     */
    void adopt(Held held) {
        Map<Integer, Fd> fds = new HashMap<>();
        try {
            records.adopt(found -> {
                FileMappings.Part part = null;
                if (found.file() >= 0) {
                    Fd fd = fds.computeIfAbsent(
                            found.file(),
                            number -> held.take(FileMappings.name(number))
                                    .orElseThrow(() -> new IllegalStateException(
                                            "file %d of the client's memory is not held".formatted(number))));
                    part = files.adopt(found.file(), fd, found.offset(), found.sizeBytes(), found.writable());
                }
                Region region = new Region(
                        found.address(),
                        part == null ? found.sizeBytes() : part.segment().byteSize(),
                        part == null ? null : part.segment(),
                        found.readable(),
                        found.writable());
                memory.map(region);
                entries.put(
                        found.address(), new Entry(found.address(), found.sizeBytes(), region, part, found.index()));
            });
        } finally {
            fds.values().forEach(Fd::close);
        }
    }

    /** True when exactly this region is there. */
    boolean has(Request.DmaMap request) {
        Entry entry = entries.get(request.address());
        return entry != null
                && entry.sizeBytes() == request.sizeBytes()
                && entry.region().readable() == request.readable()
                && entry.region().writable() == request.writable();
    }

    /**
     * @param sizeBytes of the request; the region is shorter when the file behind it ends early
     * @param record where it is in the connection's state
     */
    private record Entry(long address, long sizeBytes, Region region, FileMappings.@Nullable Part part, int record) {
        long last() {
            return address + sizeBytes - 1;
        }
    }

    private record Unmapping(List<Entry> entries, Runnable done) {
        boolean drained() {
            for (Entry entry : entries) {
                if (entry.region().inFlight() > 0) {
                    return false;
                }
            }
            return true;
        }
    }

    int size() {
        return entries.size();
    }

    /**
     * Adds a region.
     *
     * @param fd the file behind it, the caller's; null, or one without a size (a device), when only messages reach it
     * @throws RequestException EEXIST for an overlap, ENOSPC for too many, EINVAL for a range that is none
     */
    void map(Request.DmaMap request, @Nullable Fd fd) {
        long address = request.address();
        long sizeBytes = request.sizeBytes();
        if (sizeBytes <= 0 || Long.compareUnsigned(address + sizeBytes - 1, address) < 0) {
            throw new RequestException(Errno.EINVAL, "DMA_MAP of %d bytes at 0x%x".formatted(sizeBytes, address));
        }
        if (overlaps(address, address + sizeBytes - 1)) {
            throw new RequestException(Errno.EEXIST, "DMA_MAP over a region at 0x%x".formatted(address));
        }
        if (entries.size() >= Wire.DMA_MAPS_MAX) {
            throw new RequestException(Errno.ENOSPC, "more than %d DMA regions".formatted(Wire.DMA_MAPS_MAX));
        }
        Entry entry = entry(request, fd);
        memory.map(entry.region());
        entries.put(address, entry);
    }

    private Entry entry(Request.DmaMap request, @Nullable Fd fd) {
        long address = request.address();
        boolean readable = request.readable();
        boolean writable = request.writable();
        if (fd == null || !(readable || writable) || !Stat.of(fd).isRegularFile()) {
            Region region = new Region(address, request.sizeBytes(), null, readable, writable);
            return new Entry(address, request.sizeBytes(), region, null, records.add(request, NO_FILE));
        }
        FileMappings.Part part = files.map(fd, request.fileOffset(), request.sizeBytes(), writable);
        Region region = new Region(address, part.segment().byteSize(), part.segment(), readable, writable);
        return new Entry(address, request.sizeBytes(), region, part, records.add(request, part.file()));
    }

    /**
     * Takes away the regions that lie in a range, or all of them. A range without any is no error, as with the kernel's own
     * VFIO: QEMU clears the whole address space of a virtual IOMMU, piece by piece, whatever is mapped there.
     *
     * @param done called when no command uses their memory any more: inside this call, or inside {@link #poll}
     * @throws RequestException EINVAL when the range cuts a region in two
     */
    void unmap(Request.DmaUnmap request, Runnable done) {
        if ((request.flags() & Request.DmaUnmap.GET_DIRTY_BITMAP) != 0) {
            throw new RequestException(Errno.ENOTSUP, "DMA_UNMAP with a bitmap");
        }
        List<Entry> leaving;
        if (request.all()) {
            if (request.address() != 0 || request.sizeBytes() != 0) {
                throw new RequestException(Errno.EINVAL, "DMA_UNMAP of all with a range");
            }
            leaving = new ArrayList<>(entries.values());
        } else {
            leaving = within(request.address(), request.sizeBytes());
        }
        remove(leaving, done);
    }

    /** Takes away everything: the client is gone. */
    void unmapAll() {
        remove(new ArrayList<>(entries.values()), () -> {});
    }

    /** Completes unmappings whose commands have ended. @return how many */
    int poll() {
        if (unmappings.isEmpty()) {
            return 0;
        }
        int work = 0;
        for (Iterator<Unmapping> all = unmappings.iterator(); all.hasNext(); ) {
            Unmapping unmapping = all.next();
            if (unmapping.drained()) {
                all.remove();
                complete(unmapping);
                work++;
            }
        }
        return work;
    }

    /** True when {@link #poll} has something to do. */
    boolean due() {
        for (int i = 0; i < unmappings.size(); i++) {
            if (unmappings.get(i).drained()) {
                return true;
            }
        }
        return false;
    }

    /** True when a file that a region lies in is shorter than it was when it was mapped. */
    boolean shrunk() {
        return files.shrunk();
    }

    /** All regions: those too that have left and are still in use. */
    void forEachRegion(Consumer<Region> action) {
        entries.values().forEach(entry -> action.accept(entry.region()));
        for (Unmapping unmapping : unmappings) {
            unmapping.entries().forEach(entry -> action.accept(entry.region()));
        }
    }

    /** True when no region is left, and none is still in use. */
    boolean empty() {
        return entries.isEmpty() && unmappings.isEmpty();
    }

    private void remove(List<Entry> leaving, Runnable done) {
        for (Entry entry : leaving) {
            entries.remove(entry.address());
            records.remove(entry.record());
            memory.unmap(entry.region().iova(), entry.region().sizeBytes());
        }
        Unmapping unmapping = new Unmapping(leaving, done);
        if (unmapping.drained()) {
            complete(unmapping);
        } else {
            unmappings.add(unmapping);
        }
    }

    private void complete(Unmapping unmapping) {
        for (Entry entry : unmapping.entries()) {
            entry.region().leave();
            FileMappings.Part part = entry.part();
            if (part != null) {
                files.release(part);
            }
        }
        unmapping.done().run();
    }

    private List<Entry> within(long address, long sizeBytes) {
        long last = address + sizeBytes - 1;
        if (sizeBytes == 0 || Long.compareUnsigned(last, address) < 0) {
            throw new RequestException(Errno.EINVAL, "DMA_UNMAP of %d bytes at 0x%x".formatted(sizeBytes, address));
        }
        if (!overlaps(address, last)) {
            return List.of();
        }
        Map.Entry<Long, Entry> before = entries.lowerEntry(address);
        List<Entry> found =
                new ArrayList<>(entries.subMap(address, true, last, true).values());
        if ((before != null && Long.compareUnsigned(before.getValue().last(), address) >= 0)
                || Long.compareUnsigned(found.getLast().last(), last) > 0) {
            throw new RequestException(Errno.EINVAL, "DMA_UNMAP of a part of a region at 0x%x".formatted(address));
        }
        return found;
    }

    private boolean overlaps(long first, long last) {
        Map.Entry<Long, Entry> before = entries.floorEntry(last);
        return before != null && Long.compareUnsigned(before.getValue().last(), first) >= 0;
    }
}
