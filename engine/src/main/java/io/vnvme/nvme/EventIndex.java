package io.vnvme.nvme;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The controller's half of the agreement by which a host that uses shadow doorbells wakes it (NVM Express Base 2.0, B.5).
 *
 * <p>The host stores the shadow doorbell, fences, reads the event index, and rings the real doorbell when the index is among
 * the positions that it has just left. The controller stores the index, fences, and looks at the shadow doorbell again. Of
 * two threads that each store, fence, and load what the other stored, at least one sees the other's store: either the host
 * rings, or the controller sees that there is no sleep.
 */
public final class EventIndex {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private EventIndex() {}

    /**
     * Asks for a ring when the doorbell leaves {@code position}. Holds from the next {@link #fence} on.
     *
     * @param eventIndexes the event index buffer
     * @param offset of the doorbell, in bytes
     */
    public static void arm(MemorySegment eventIndexes, long offset, int position) {
        INT.setRelease(eventIndexes, offset, position);
    }

    /** Between all {@link #arm}s and the looks that follow. */
    public static void fence() {
        VarHandle.fullFence();
    }

    /** What the doorbell says. */
    public static int look(MemorySegment shadows, long offset) {
        return (int) INT.getAcquire(shadows, offset);
    }
}
