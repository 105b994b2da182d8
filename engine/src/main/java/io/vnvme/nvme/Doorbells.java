package io.vnvme.nvme;

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

    private final MemorySegment page;
    private @Nullable MemorySegment shadow;
    private @Nullable MemorySegment eventIndex;

    Doorbells(MemorySegment page) {
        if (page.byteSize() < Registers.DOORBELLS_SIZE) {
            throw new IllegalArgumentException("doorbell page of %d bytes".formatted(page.byteSize()));
        }
        this.page = page;
    }

    static int tailOffset(int queueId) {
        return queueId * 8;
    }

    static int headOffset(int queueId) {
        return queueId * 8 + 4;
    }

    /** Value of the doorbell at {@code offset}: what the host stored before it rang is visible after this. */
    int acquire(int queueId, int offset) {
        MemorySegment shadowed = shadow;
        return (int) INT.getAcquire(queueId != 0 && shadowed != null ? shadowed : page, (long) offset);
    }

    /** A doorbell write that came as a register write. */
    void ring(int offset, int value) {
        INT.setRelease(page, (long) offset, value);
    }

    /** A queue is new: whatever its doorbells said belongs to the past. */
    void clear(int offset) {
        INT.setRelease(page, (long) offset, 0);
        if (shadow != null && eventIndex != null) {
            INT.setRelease(shadow, (long) offset, 0);
            INT.setRelease(eventIndex, (long) offset, 0);
        }
    }

    /** From now on shadow doorbells count; they begin with what the doorbells say. */
    void shadow(MemorySegment shadowBuffer, MemorySegment eventIndexBuffer) {
        for (int offset = tailOffset(1); offset < BYTES; offset += 4) {
            int value = (int) INT.getAcquire(page, (long) offset);
            INT.setRelease(shadowBuffer, (long) offset, value);
            INT.setRelease(eventIndexBuffer, (long) offset, value);
        }
        shadow = shadowBuffer;
        eventIndex = eventIndexBuffer;
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
