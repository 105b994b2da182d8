package io.vnvme.nvme;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;

/** Compare and Write as one (NVM Express Base 2.0, 3.4.2; NVM Command Set 1.0, 2.1.4): what belongs together. */
final class FusedOperation {
    private FusedOperation() {}

    static boolean first(Request request) {
        return request.fuse() == Sqe.FUSE_FIRST && request.opcode() == IoOpcode.COMPARE;
    }

    static boolean second(Request request) {
        return request.fuse() == Sqe.FUSE_SECOND && request.opcode() == IoOpcode.WRITE;
    }

    /** True when both mean the same blocks of the same namespace. */
    static boolean belong(Request first, Request second) {
        return first.nsid() == second.nsid()
                && first.startingLba() == second.startingLba()
                && first.blockCount() == second.blockCount();
    }

    /** How a fused command ends that has no first half before it. */
    static int lonelyStatus(Request request) {
        return second(request) ? Status.ABORTED_MISSING_FUSED : Status.INVALID_FIELD;
    }
}
