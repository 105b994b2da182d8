package io.vnvme.frontend.tcp;

/**
 * The commands of one queue between their capsule and the end of their response, by an index of our own: what the controller
 * knows them by, while the host's identifiers may be any.
 */
final class CommandTable {
    /** What {@link #take} answers when the host has more commands going than its queue has entries. */
    static final int NONE = -1;

    /** Where a command is. */
    enum Stage {
        FREE,
        /** Its data is on its way, or a buffer for that is waited for. */
        RECEIVING,
        /** It has all it needs, and waits for the other half of a fused operation. */
        READY,
        /** With the controller. */
        SUBMITTED,
        /** Its response waits to be sent. */
        RESPONDING
    }

    private final Stage[] stages;
    private final short[] hostIds;
    private final int[] lengths;
    private final int[] received;
    private final int[] statuses;
    private final int[] largeBuffers;
    private final int[] free;
    private int freeCount;

    CommandTable(int size) {
        stages = new Stage[size];
        hostIds = new short[size];
        lengths = new int[size];
        received = new int[size];
        statuses = new int[size];
        largeBuffers = new int[size];
        free = new int[size];
        for (int command = size - 1; command >= 0; command--) {
            stages[command] = Stage.FREE;
            largeBuffers[command] = LargeBuffers.NONE;
            free[freeCount++] = command;
        }
    }

    int size() {
        return stages.length;
    }

    /** The index that was given back last: its memory is the warmest. */
    int take(int hostId) {
        if (freeCount == 0) {
            return NONE;
        }
        int command = free[--freeCount];
        stages[command] = Stage.RECEIVING;
        hostIds[command] = (short) hostId;
        lengths[command] = 0;
        received[command] = 0;
        statuses[command] = 0;
        return command;
    }

    void giveBack(int command) {
        stages[command] = Stage.FREE;
        free[freeCount++] = command;
    }

    boolean isEmpty() {
        return freeCount == stages.length;
    }

    Stage stage(int command) {
        return stages[command];
    }

    void stage(int command, Stage stage) {
        stages[command] = stage;
    }

    /** The host's command identifier. */
    int hostId(int command) {
        return hostIds[command] & 0xffff;
    }

    /** What the host's SGL descriptor describes, in bytes. */
    int length(int command) {
        return lengths[command];
    }

    void length(int command, int bytes) {
        lengths[command] = bytes;
    }

    /** Data that has been announced by headers so far, in bytes. */
    int received(int command) {
        return received[command];
    }

    void receives(int command, int bytes) {
        received[command] += bytes;
    }

    /** What it ends with without having been with the controller; 0: nothing such. */
    int status(int command) {
        return statuses[command];
    }

    /** The first reason counts. */
    void fails(int command, int status) {
        if (statuses[command] == 0) {
            statuses[command] = status;
        }
    }

    int largeBuffer(int command) {
        return largeBuffers[command];
    }

    void largeBuffer(int command, int index) {
        largeBuffers[command] = index;
    }

    /** The command that the controller has under the host's identifier, or {@link #NONE}. */
    int submitted(int hostId) {
        for (int command = 0; command < stages.length; command++) {
            if (stages[command] == Stage.SUBMITTED && hostId(command) == hostId) {
                return command;
            }
        }
        return NONE;
    }
}
