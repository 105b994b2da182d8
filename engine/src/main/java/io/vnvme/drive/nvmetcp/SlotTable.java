package io.vnvme.drive.nvmetcp;

/**
 * Which slots of a queue are in use, and how much of a command's data has gone which way. A command's identifier is its slot
 * and how often that was used, so that an answer to one of before is recognized.
 */
final class SlotTable {
    /** What an identifier has room for. */
    static final int SLOTS_MAX = 256;

    private static final byte FREE = 0;
    private static final byte TAKEN = 1;
    private static final byte OUTSTANDING = 2;
    /** The controller has answered; pieces of it have still to be sent. */
    private static final byte ANSWERED = 3;

    private final byte[] stages;
    private final byte[] generations;
    private final int[] outBytes;
    private final int[] inBytes;
    /** Bytes that the controller has asked for, or had in the capsule. */
    private final int[] asked;
    /** Bytes that have come. */
    private final int[] received;
    /** Whether some of what came is not what was sent. */
    private final boolean[] damaged;
    /** Pieces that have not been sent. */
    private final int[] unsent;

    private final int[] free;
    private int freeCount;

    SlotTable(int count) {
        if (count < 1 || count > SLOTS_MAX) {
            throw new IllegalArgumentException("%d slots".formatted(count));
        }
        stages = new byte[count];
        generations = new byte[count];
        outBytes = new int[count];
        inBytes = new int[count];
        asked = new int[count];
        received = new int[count];
        damaged = new boolean[count];
        unsent = new int[count];
        free = new int[count];
        for (int slot = count - 1; slot >= 0; slot--) {
            free[freeCount++] = slot;
        }
    }

    int count() {
        return stages.length;
    }

    int room() {
        return freeCount;
    }

    /** @return a slot, or {@link HostQueue#NONE} */
    int take() {
        if (freeCount == 0) {
            return HostQueue.NONE;
        }
        int slot = free[--freeCount];
        stages[slot] = TAKEN;
        return slot;
    }

    void begin(int slot, int out, int in, boolean inCapsule) {
        generations[slot]++;
        stages[slot] = OUTSTANDING;
        outBytes[slot] = out;
        inBytes[slot] = in;
        asked[slot] = inCapsule ? out : 0;
        received[slot] = 0;
        damaged[slot] = false;
    }

    /** The identifier of the command that a slot has now. */
    int id(int slot) {
        return slot | (generations[slot] & 0xff) << 8;
    }

    boolean outstanding(int slot, int id) {
        return slot < stages.length && stages[slot] == OUTSTANDING && id(slot) == id;
    }

    /** A piece of it waits to be sent. */
    void queued(int slot) {
        unsent[slot]++;
    }

    /** A piece of it has been sent. */
    void sent(int slot) {
        unsent[slot]--;
        if (stages[slot] == ANSWERED) {
            release(slot);
        }
    }

    /** Takes note of data that came. @return whether it is what comes next */
    boolean receive(int slot, long offset, int bytes) {
        if (offset != received[slot] || offset + bytes > inBytes[slot]) {
            return false;
        }
        received[slot] += bytes;
        return true;
    }

    void damage(int slot) {
        damaged[slot] = true;
    }

    boolean damaged(int slot) {
        return damaged[slot];
    }

    /** Takes note of data that the controller asks for. @return whether it is what goes next, all before having gone */
    boolean ask(int slot, long offset, long bytes) {
        if (bytes == 0 || unsent[slot] > 0 || offset != asked[slot] || offset + bytes > outBytes[slot]) {
            return false;
        }
        asked[slot] += (int) bytes;
        return true;
    }

    /** Whether all of it has gone and come. */
    boolean complete(int slot) {
        return received[slot] == inBytes[slot] && asked[slot] == outBytes[slot] && unsent[slot] == 0;
    }

    /** A slot that was taken is not used after all. */
    void giveBack(int slot) {
        release(slot);
    }

    /** The controller has answered: the slot is free when all of it has been sent. */
    void end(int slot) {
        stages[slot] = ANSWERED;
        release(slot);
    }

    private void release(int slot) {
        if (unsent[slot] == 0) {
            stages[slot] = FREE;
            free[freeCount++] = slot;
        }
    }
}
