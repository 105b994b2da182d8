package io.vnvme.nvme;

import io.vnvme.memory.KeptMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The reservations of a namespace in memory that outlives the process: also those that a power loss ends, since their hosts do
 * not notice that a process has ended and another goes on; and the command that made them what they are, so that it is not
 * carried out twice.
 *
 * <p>Little endian: magic (8), version (4), which of two copies is the last, 1 or 2, or 0 when there is none (4). A copy is at 4096
 * and one at 8192: bytes of the image (4), 1 when they outlive a power loss (4), the controller (4) and the queue (4) that the command
 * was in, its number there (8); from byte 32 on the image ({@link ReservationImage}).
 */
public final class ReservationMemory {
    private static final long MAGIC = 0x5345_5265_4d56_4e76L;
    private static final int VERSION = 1;
    private static final long LAST = 12;
    private static final long COPY_BYTES = 4096;
    private static final long IMAGE_SIZE = 0;
    private static final long PERSISTENT = 4;
    private static final long CONTROLLER = 8;
    private static final long QUEUE = 12;
    private static final long NUMBER = 16;
    private static final long IMAGE = 32;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final VarHandle ATOMIC = INT.varHandle();

    /** What is there, for a program that asks whether it could go on with it. */
    public static final KeptMemory.Layout LAYOUT =
            new KeptMemory.Layout("vnvme-reservations", MAGIC, VERSION, 3 * COPY_BYTES);

    private final MemorySegment memory;

    /** What made the reservations what they are: a command, by its number in its queue. */
    record Cause(int controllerId, int queueId, long number) {
        static Cause of(Controller controller, Request request) {
            int queueId = request.queue().id();
            long word = controller.state().getLong(ControllerState.slotWord(queueId, request.slot()));
            return new Cause(controller.controllerId(), queueId, word & ControllerState.NUMBER_MASK);
        }
    }

    /** @param cause null when no command was, or none that may be begun again */
    @SuppressWarnings("ArrayRecordComponent")
    record Kept(byte[] image, boolean persistent, @Nullable Cause cause) {}

    /**
     * @param memory zeros, or what another process left there
     * @param goesOn whether that is about the namespace as it is: nobody else has had it since
     */
    public ReservationMemory(MemorySegment memory, boolean goesOn) {
        this.memory = memory;
        if (!goesOn) {
            memory.set(INT, LAST, 0);
        }
        memory.set(INT, 8, VERSION);
        memory.set(LONG, 0, MAGIC);
    }

    /** Instead of what was there, at once: whoever ends this process leaves the one or the other. */
    void keep(Kept what) {
        int next = memory.get(INT, LAST) == 1 ? 2 : 1;
        MemorySegment copy = copy(next);
        Cause cause = what.cause();
        copy.set(INT, IMAGE_SIZE, what.image().length);
        copy.set(INT, PERSISTENT, what.persistent() ? 1 : 0);
        copy.set(INT, CONTROLLER, cause == null ? -1 : cause.controllerId());
        copy.set(INT, QUEUE, cause == null ? -1 : cause.queueId());
        copy.set(LONG, NUMBER, cause == null ? 0 : cause.number());
        MemorySegment.copy(what.image(), 0, copy, ValueLayout.JAVA_BYTE, IMAGE, what.image().length);
        ATOMIC.setRelease(memory, LAST, next);
    }

    /** What was kept last. @throws IllegalArgumentException when it is damaged */
    @Nullable
    Kept last() {
        int last = memory.get(INT, LAST);
        if (last == 0) {
            return null;
        }
        int bytes = last == 1 || last == 2 ? copy(last).get(INT, IMAGE_SIZE) : -1;
        if (bytes < 0 || bytes > COPY_BYTES - IMAGE) {
            throw new IllegalArgumentException("damaged reservations in memory");
        }
        MemorySegment copy = copy(last);
        int controllerId = copy.get(INT, CONTROLLER);
        return new Kept(
                copy.asSlice(IMAGE, bytes).toArray(ValueLayout.JAVA_BYTE),
                copy.get(INT, PERSISTENT) != 0,
                controllerId < 0 ? null : new Cause(controllerId, copy.get(INT, QUEUE), copy.get(LONG, NUMBER)));
    }

    private MemorySegment copy(int number) {
        return memory.asSlice(number * COPY_BYTES, COPY_BYTES);
    }
}
