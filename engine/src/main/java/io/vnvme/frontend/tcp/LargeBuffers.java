package io.vnvme.frontend.tcp;

/** Buffers for transfers of more than a capsule's data, shared by the queues of an association, and who waits for one. */
final class LargeBuffers {
    static final int NONE = -1;

    private final int[] free = new int[Limits.LARGE_TRANSFERS];
    private int freeCount;
    private final int[] waiting = new int[AssociationMemory.QUEUES * Limits.COMMANDS_MAX];
    private int first;
    private int waitingCount;

    LargeBuffers() {
        for (int index = free.length - 1; index >= 0; index--) {
            free[freeCount++] = index;
        }
    }

    /** @return a buffer's index, or {@link #NONE} when all are in use, or others wait already */
    int take() {
        return freeCount == 0 || waitingCount > 0 ? NONE : free[--freeCount];
    }

    void giveBack(int index) {
        free[freeCount++] = index;
    }

    /** A command gets the next buffer that nobody before it waits for. */
    void await(int queue, int command) {
        waiting[(first + waitingCount++) % waiting.length] = queue * Limits.COMMANDS_MAX + command;
    }

    /** True when somebody waits who can have a buffer. */
    boolean due() {
        return waitingCount > 0 && freeCount > 0;
    }

    /** The buffer for {@link #nextQueue} and {@link #nextCommand}, who wait no longer. */
    int takeForNext() {
        first = (first + 1) % waiting.length;
        waitingCount--;
        return free[--freeCount];
    }

    int nextQueue() {
        return waiting[first] / Limits.COMMANDS_MAX;
    }

    int nextCommand() {
        return waiting[first] % Limits.COMMANDS_MAX;
    }

    /** Who waits for a queue's commands waits no longer. */
    void forget(int queue) {
        int kept = 0;
        for (int i = 0; i < waitingCount; i++) {
            int entry = waiting[(first + i) % waiting.length];
            if (entry / Limits.COMMANDS_MAX != queue) {
                waiting[(first + kept++) % waiting.length] = entry;
            }
        }
        waitingCount = kept;
    }
}
