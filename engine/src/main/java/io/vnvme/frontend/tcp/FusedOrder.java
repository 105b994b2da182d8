package io.vnvme.frontend.tcp;

import io.vnvme.nvme.wire.Sqe;
import java.util.Arrays;

/**
 * The two halves of a fused operation come in capsules one after the other, and have to lie so in the controller's queue too,
 * whatever arrives while the data of one is on its way.
 */
final class FusedOrder {
    static final int NONE = -1;

    private final int[] partners;
    /** A first half behind which no capsule has come yet. */
    private int newest = NONE;

    FusedOrder(int commands) {
        partners = new int[commands];
        Arrays.fill(partners, NONE);
    }

    /**
     * The next capsule's command, before anything else is done about it.
     *
     * @return a first half that has no second and waits no more; {@link #NONE}
     */
    int arrived(int command, int fuse) {
        int before = newest;
        newest = fuse == Sqe.FUSE_FIRST ? command : NONE;
        if (before != NONE && fuse == Sqe.FUSE_SECOND) {
            partners[before] = command;
            partners[command] = before;
            return NONE;
        }
        return before;
    }

    /** True while it is not known what comes behind a first half. */
    boolean undecided(int command) {
        return command == newest;
    }

    /** The other half, or {@link #NONE}. */
    int partner(int command) {
        return partners[command];
    }

    /** Both halves go. */
    void part(int command) {
        partners[partners[command]] = NONE;
        partners[command] = NONE;
    }
}
