package io.vnvme.drive.uring;

import io.vnvme.memory.Region;
import io.vnvme.os.Errno;
import io.vnvme.os.uring.Registrations;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Guest memory that the ring's kernel side knows: transfers to and from it need no look-up of pages.
 *
 * <p>Registered in windows of {@link #WINDOW_BYTES}, each when it has been used {@link #USES} times. A whole guest at once
 * would stop the reactor for seconds and take memory that the guest never touched; a window takes some hundred
 * microseconds once. Regions behind a virtual IOMMU live for one transfer and never get so far.
 *
 * <p>A registration holds the pages that were there: it belongs to a {@link Region}, never to an address, and ends when
 * the region leaves.
 */
final class GuestWindows implements Region.Watcher {
    /** More is asked for by index in the table, less would cross borders more often. */
    static final long WINDOW_BYTES = 4 << 20;

    static final int USES = 16;

    private static final int WINDOW_SHIFT = Long.numberOfTrailingZeros(WINDOW_BYTES);
    /** Window entries: uses so far; this; or below it, the buffer's index. */
    private static final int NEVER = -1;

    private static final int FIRST_BUFFER = -2;

    private final Registrations registrations;
    private final IdentityHashMap<Region, int[]> windows = new IdentityHashMap<>();
    private final int[] free;
    private int freeCount;
    private @Nullable Region lastRegion;
    private int[] lastWindows = new int[0];
    private volatile @Nullable String warning;

    /** @param tableSize buffers in the ring's table; 0 when it has none */
    GuestWindows(Registrations registrations, int tableSize) {
        this.registrations = registrations;
        free = new int[tableSize];
        for (int index = tableSize - 1; index >= 0; index--) {
            free[freeCount++] = index;
        }
    }

    /** Why memory is not registered any more, for people; null while all is well. From any thread. */
    @Nullable
    String warning() {
        return warning;
    }

    /** Windows registered. */
    int count() {
        return free.length - freeCount;
    }

    /**
     * The buffer that a range of a region lies in.
     *
     * @return index of a registered buffer; -1 when there is none
     */
    int find(Region region, long offsetBytes, long lengthBytes) {
        int window = (int) (offsetBytes >>> WINDOW_SHIFT);
        if (offsetBytes + lengthBytes > (window + 1L) << WINDOW_SHIFT) {
            return -1;
        }
        int[] of = region == lastRegion ? lastWindows : windowsOf(region);
        int entry = of[window];
        if (entry <= FIRST_BUFFER) {
            return FIRST_BUFFER - entry;
        }
        if (entry == NEVER) {
            return -1;
        }
        of[window] = entry + 1;
        return entry + 1 < USES ? -1 : register(region, of, window);
    }

    private int[] windowsOf(Region region) {
        int[] of = windows.get(region);
        if (of == null) {
            of = new int[(int) (region.sizeBytes() + WINDOW_BYTES - 1 >>> WINDOW_SHIFT)];
            windows.put(region, of);
            region.watch(this);
        }
        lastRegion = region;
        lastWindows = of;
        return of;
    }

    private int register(Region region, int[] of, int window) {
        MemorySegment memory = region.segment();
        if (memory == null || freeCount == 0 || warning != null) {
            of[window] = NEVER;
            return -1;
        }
        int buffer = free[freeCount - 1];
        long from = window * WINDOW_BYTES;
        int result = registrations.buffer(buffer, memory, from, Math.min(WINDOW_BYTES, memory.byteSize() - from));
        if (result < 0) {
            of[window] = NEVER;
            if (result == -Errno.ENOMEM) {
                warning = "guest memory is not registered with the kernel, I/O is somewhat slower: the limit of locked"
                        + " memory is reached (RLIMIT_MEMLOCK; LimitMEMLOCK=infinity in the service's unit)";
            }
            // Others mean memory of a kind that cannot be registered: it is used without.
            return -1;
        }
        freeCount--;
        of[window] = FIRST_BUFFER - buffer;
        return buffer;
    }

    @Override
    public void leaving(Region region) {
        int[] of = windows.remove(region);
        if (region == lastRegion) {
            lastRegion = null;
            lastWindows = new int[0];
        }
        if (of == null) {
            return;
        }
        for (int entry : of) {
            if (entry <= FIRST_BUFFER) {
                int buffer = FIRST_BUFFER - entry;
                registrations.noBuffer(buffer);
                free[freeCount++] = buffer;
            }
        }
        Arrays.fill(of, NEVER);
    }

    /** The ring ends, and its registrations with it. */
    void close() {
        for (Region region : List.copyOf(windows.keySet())) {
            region.unwatch(this);
        }
        windows.clear();
    }
}
