package io.vnvme.frontend.tcp;

import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.Digest;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.os.Mapping;
import io.vnvme.os.Reclaimer;
import java.lang.foreign.MemorySegment;

/**
 * The memory that a host of PCI would lend its controller: queues and buffers of one association, in one mapping. What is not
 * used takes no memory.
 *
 * <pre>
 * buffers of queue q, command c at (q * COMMANDS_MAX + c) * (HEADER_BYTES + IN_CAPSULE_BYTES)
 * large buffers                    behind them, LARGE_TRANSFERS of (HEADER_BYTES + TRANSFER_MAX)
 * rings of queue q                 behind those: submission entries, completion entries, entries whose data is on its way
 * </pre>
 *
 * <p>A buffer is a page for the headers of PDUs and, aligned to pages, the data. What goes out - header, data, digest, response -
 * is put together so that it lies without a gap: the header ends where the data begins. Behind the last buffer is a page of
 * a ring, so there is room for a response behind any data.
 */
final class AssociationMemory {
    static final int QUEUES = Controller.IO_QUEUES_MAX + 1;
    /** A ring has one entry more than there are commands, so that it is never full. */
    static final int RING_ENTRIES_MAX = Limits.COMMANDS_MAX + 1;

    private static final int PAGE_BYTES = 4096;
    private static final int HEADER_BYTES = PAGE_BYTES;
    private static final int BUFFER_BYTES = HEADER_BYTES + Limits.IN_CAPSULE_BYTES;
    private static final int LARGE_BYTES = HEADER_BYTES + Limits.TRANSFER_MAX;
    private static final int LARGE = QUEUES * Limits.COMMANDS_MAX * BUFFER_BYTES;
    private static final int RINGS = LARGE + Limits.LARGE_TRANSFERS * LARGE_BYTES + PAGE_BYTES;
    private static final int COMPLETIONS = pages(RING_ENTRIES_MAX * Sqe.SIZE);
    private static final int HELD = COMPLETIONS + pages(RING_ENTRIES_MAX * Cqe.SIZE);
    private static final int RING_BYTES = HELD + pages(Limits.COMMANDS_MAX * Sqe.SIZE);
    private static final long SIZE = RINGS + (long) QUEUES * RING_BYTES;
    /** Addresses do not begin at 0, so that a mistake is none that is there. */
    private static final long IOVA = 1L << 32;

    private final Mapping mapping;
    private final MemorySegment segment;
    private final Region region;
    private final Digest digest;

    private AssociationMemory(Mapping mapping) {
        this.mapping = mapping;
        segment = mapping.segment();
        region = new Region(IOVA, SIZE, segment, true, true);
        digest = new Digest(segment);
    }

    static AssociationMemory create() {
        return new AssociationMemory(Mapping.anonymous(SIZE, false));
    }

    private static int pages(int bytes) {
        return (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
    }

    MemorySegment segment() {
        return segment;
    }

    Region region() {
        return region;
    }

    Digest digest() {
        return digest;
    }

    void mapTo(GuestMemory memory) {
        memory.map(region);
    }

    /** Gives it back soon, when no command uses it any more. */
    void close(Reclaimer reclaimer) {
        region.leave();
        reclaimer.close(mapping);
    }

    static long iova(long offset) {
        return IOVA + offset;
    }

    /** Where the data of a command lies that fits into a capsule; its header ends there. */
    static long buffer(int queue, int command) {
        return (long) (queue * Limits.COMMANDS_MAX + command) * BUFFER_BYTES + HEADER_BYTES;
    }

    static long largeBuffer(int index) {
        return LARGE + (long) index * LARGE_BYTES + HEADER_BYTES;
    }

    private static long rings(int queue) {
        return RINGS + (long) queue * RING_BYTES;
    }

    static long submissions(int queue) {
        return rings(queue);
    }

    static long completions(int queue) {
        return rings(queue) + COMPLETIONS;
    }

    /** Where a command's entry waits for its data. */
    static long held(int queue, int command) {
        return rings(queue) + HELD + (long) command * Sqe.SIZE;
    }

    /** A ring that no controller has written to. */
    void clearCompletions(int queue) {
        segment.asSlice(completions(queue), (long) RING_ENTRIES_MAX * Cqe.SIZE).fill((byte) 0);
    }
}
