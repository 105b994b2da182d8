package io.vnvme.nvme;

import io.vnvme.memory.Region;
import io.vnvme.nvme.wire.Registers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Where the host says how far its queues are: the doorbell page that it stores to and, once configured, the shadow
 * doorbells in its own memory (NVM Express Base 2.0, 5.8 and B.5), which then count for I/O queues.
 */
final class Doorbells {
    /** Doorbells of all queues, stride 4. */
    static final int BYTES = ControllerState.QUEUES * 8;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final Controller controller;
    private final MemorySegment page;
    /** A doorbell write comes as a register write: the host has no page to store to. */
    private boolean trapped;

    private @Nullable MemorySegment shadow;
    private @Nullable MemorySegment eventIndex;
    private long shadowIova;
    private long eventIndexIova;
    /** Of the guest's memory map, when the buffers were looked up. */
    private long generation;

    Doorbells(Controller controller, MemorySegment page) {
        if (page.byteSize() < Registers.DOORBELLS_SIZE) {
            throw new IllegalArgumentException("doorbell page of %d bytes".formatted(page.byteSize()));
        }
        this.controller = controller;
        this.page = page;
    }

    static int tailOffset(int queueId) {
        return queueId * 8;
    }

    static int headOffset(int queueId) {
        return queueId * 8 + 4;
    }

    void trap() {
        trapped = true;
    }

    /** True when a host that writes a doorbell wakes us. */
    boolean trapped() {
        return trapped;
    }

    /** True when I/O queues' doorbells wake us only where {@link #arm} asked for it. */
    boolean armable() {
        return trapped && shadow != null;
    }

    /** Asks for the doorbell to be rung when it leaves {@code position}; a look after {@link EventIndex#fence} must follow. */
    void arm(int offset, int position) {
        if (generation != controller.memory().generation()) {
            found();
        }
        MemorySegment indexes = eventIndex;
        if (indexes != null) {
            EventIndex.arm(indexes, offset, position);
            written(eventIndexIova + offset, Integer.BYTES);
        }
    }

    /** Value of the doorbell at {@code offset}: what the host stored before it rang is visible after this. */
    int acquire(int queueId, int offset) {
        MemorySegment from = shadow;
        if (from == null || queueId == 0) {
            from = page;
        } else if (generation != controller.memory().generation()) {
            from = found();
        }
        return (int) INT.getAcquire(from, (long) offset);
    }

    /** A doorbell write that came as a register write. */
    void ring(int offset, int value) {
        INT.setRelease(page, (long) offset, value);
    }

    /** What was stored to the page itself, whether it counts or not. */
    int stored(int offset) {
        return (int) INT.getAcquire(page, (long) offset);
    }

    /** A queue is new: whatever its doorbells said belongs to the past. */
    void clear(int offset) {
        INT.setRelease(page, (long) offset, 0);
        if (shadow != null && generation != controller.memory().generation()) {
            found();
        }
        if (shadow != null && eventIndex != null) {
            INT.setRelease(shadow, (long) offset, 0);
            INT.setRelease(eventIndex, (long) offset, 0);
            written(shadowIova + offset, Integer.BYTES);
            written(eventIndexIova + offset, Integer.BYTES);
        }
    }

    private void written(long iova, long length) {
        controller.memory().log().add(iova, length);
    }

    /**
     * From now on shadow doorbells count; they begin with what the doorbells say.
     *
     * @return false when one of the buffers is not memory that can be looked at without a message
     */
    boolean shadow(long shadowBufferIova, long eventIndexBufferIova) {
        MemorySegment shadowBuffer = buffer(shadowBufferIova);
        MemorySegment eventIndexBuffer = buffer(eventIndexBufferIova);
        if (shadowBuffer == null || eventIndexBuffer == null) {
            return false;
        }
        for (int offset = tailOffset(1); offset < BYTES; offset += 4) {
            int value = acquire(offset / 8, offset);
            INT.setRelease(shadowBuffer, (long) offset, value);
            INT.setRelease(eventIndexBuffer, (long) offset, value);
        }
        shadow = shadowBuffer;
        eventIndex = eventIndexBuffer;
        shadowIova = shadowBufferIova;
        eventIndexIova = eventIndexBufferIova;
        generation = controller.memory().generation();
        written(shadowBufferIova, BYTES);
        written(eventIndexBufferIova, BYTES);
        return true;
    }

    /**
     * Shadow doorbells that another process was told of count on, with what they say.
     *
     * @return false when one of the buffers is not memory that can be looked at without a message
     */
    boolean adoptShadow(long shadowBufferIova, long eventIndexBufferIova) {
        shadowIova = shadowBufferIova;
        eventIndexIova = eventIndexBufferIova;
        shadow = buffer(shadowBufferIova);
        eventIndex = buffer(eventIndexBufferIova);
        generation = controller.memory().generation();
        return shadow != null && eventIndex != null;
    }

    private @Nullable MemorySegment buffer(long iova) {
        Region region = controller.memory().find(iova);
        MemorySegment segment = region == null ? null : region.segment();
        if (region == null || segment == null || !region.writable() || region.bytesFrom(iova) < BYTES) {
            return null;
        }
        return segment.asSlice(iova - region.iova(), BYTES);
    }

    /** The guest's memory map has changed: the buffers may be elsewhere, or nowhere. */
    private MemorySegment found() {
        MemorySegment shadowBuffer = buffer(shadowIova);
        MemorySegment eventIndexBuffer = buffer(eventIndexIova);
        if (shadowBuffer == null || eventIndexBuffer == null) {
            unshadow();
            controller.fatal("the doorbell buffers have no memory any more");
            return page;
        }
        shadow = shadowBuffer;
        eventIndex = eventIndexBuffer;
        generation = controller.memory().generation();
        return shadowBuffer;
    }

    boolean shadowed() {
        return shadow != null;
    }

    void unshadow() {
        shadow = null;
        eventIndex = null;
    }

    void reset() {
        unshadow();
        page.asSlice(0, Registers.DOORBELLS_SIZE).fill((byte) 0);
    }
}
