package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.Registers;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Rings doorbells in the ways that a driver has: by a store to the mapped page, by a register write, or by shadow
 * doorbells (NVM Express Base 2.0, 5.8), when the real one is written only if the controller asked for it.
 */
public final class Doorbells {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final int INDEX_MASK = 0xFFFF;

    private final Device device;
    private final int strideBytes;
    private @Nullable MemorySegment shadow;
    private @Nullable MemorySegment eventIndex;
    private long realWrites;

    Doorbells(Device device, int strideBytes) {
        this.device = device;
        this.strideBytes = strideBytes;
    }

    /** From now on doorbells are rung in memory; the buffers were given to the controller. */
    public void useShadow(Buffer shadowBuffer, Buffer eventIndexBuffer) {
        shadow = shadowBuffer.segment();
        eventIndex = eventIndexBuffer.segment();
    }

    /** Back to real doorbells, as after a reset. */
    public void useReal() {
        shadow = null;
        eventIndex = null;
    }

    /** Doorbells written to the device itself since the driver began. */
    public long realWrites() {
        return realWrites;
    }

    /** Doorbell number of a submission queue's tail. */
    static int tail(int queueId) {
        return 2 * queueId;
    }

    /** Doorbell number of a completion queue's head. */
    static int head(int queueId) {
        return 2 * queueId + 1;
    }

    /** The admin queue keeps its real doorbells, as in Linux. */
    void ring(int number, int value) {
        long offset = (long) number * strideBytes;
        MemorySegment inMemory = shadow;
        MemorySegment events = eventIndex;
        if (inMemory != null && events != null && number > 1) {
            int old = (int) INT.get(inMemory, offset);
            INT.setRelease(inMemory, offset, value);
            // The store of the doorbell must be seen before the event index is read (Dekker with the controller).
            VarHandle.fullFence();
            if (!wanted((int) INT.getAcquire(events, offset), value, old)) {
                return;
            }
        }
        realWrites++;
        // Each time anew: a device that moves has another page.
        MemorySegment page = device.doorbells();
        if (page != null) {
            INT.setRelease(page, offset, value);
        } else {
            device.write(Registers.DOORBELLS + offset, Integer.BYTES, value);
        }
    }

    /** Whether moving from {@code old} to {@code value} passes the event index; all modulo 2^16. */
    private static boolean wanted(int event, int value, int old) {
        return ((value - event - 1) & INDEX_MASK) < ((value - old) & INDEX_MASK);
    }
}
