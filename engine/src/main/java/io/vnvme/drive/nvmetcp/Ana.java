package io.vnvme.drive.nvmetcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Asymmetric namespace access (NVM Express Base 2.0, 8.1): how well a controller reaches a namespace. */
enum Ana {
    OPTIMIZED(1, "optimized"),
    NON_OPTIMIZED(2, "non-optimized"),
    INACCESSIBLE(3, "inaccessible"),
    PERSISTENT_LOSS(4, "persistent-loss"),
    CHANGE(15, "change");

    /** Get Log Page, LSP: groups without their lists of namespaces. */
    static final int GROUPS_ONLY = 1;

    static final int HEADER_BYTES = 16;
    static final int GROUP_BYTES = 32;
    private static final long GROUP_COUNT = 8;
    private static final long GROUP_STATE = 16;

    private final int code;
    private final String text;

    Ana(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** Whether commands can be sent by such a path. */
    boolean usable() {
        return this == OPTIMIZED || this == NON_OPTIMIZED;
    }

    /** The lower, the better. */
    int rank() {
        return code;
    }

    String text() {
        return text;
    }

    static int groupCount(MemorySegment log) {
        return Short.toUnsignedInt(log.get(ValueLayout.JAVA_SHORT_UNALIGNED, GROUP_COUNT));
    }

    /**
     * The state of a group in a part of the log.
     *
     * @param log the header, or as many bytes of what is before, then groups without their namespaces
     * @param count groups in it, at most
     * @return INACCESSIBLE when it is not there
     */
    static Ana of(MemorySegment log, int group, int count) {
        int there = (int) Math.min(count, (log.byteSize() - HEADER_BYTES) / GROUP_BYTES);
        for (int i = 0; i < there; i++) {
            long at = HEADER_BYTES + (long) i * GROUP_BYTES;
            if (log.get(ValueLayout.JAVA_INT_UNALIGNED, at) == group) {
                return coded(log.get(ValueLayout.JAVA_BYTE, at + GROUP_STATE) & 0xf);
            }
        }
        return INACCESSIBLE;
    }

    private static Ana coded(int code) {
        for (Ana state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        return INACCESSIBLE;
    }
}
