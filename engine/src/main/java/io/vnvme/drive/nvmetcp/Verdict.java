package io.vnvme.drive.nvmetcp;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.nvme.wire.Status;

/** What a command's status means for it (NVM Express Base 2.0, 3.3.3.2.1 and 8.1.4). */
final class Verdict {
    /** It was not carried out, since the controller does not reach the namespace at present. */
    static final int ACCESS = -2;
    /** It was not carried out, for a reason that may pass. */
    static final int AGAIN = -3;

    private static final int PATH = 3;
    private static final int ANA_PERSISTENT_LOSS = 1;
    private static final int ANA_TRANSITION = 3;
    private static final int MEDIA = 2;
    private static final int COMMAND_INTERRUPTED = 0x21;
    private static final int GENERIC = 0;
    private static final int INVALID_OPCODE = 1;

    private Verdict() {}

    /** @return an {@link IoStatus}, {@link #ACCESS} or {@link #AGAIN} */
    static int of(int status, int operation) {
        int type = Status.type(status);
        int code = Status.code(status);
        if (Status.typeAndCode(status) == Status.SUCCESS) {
            return IoStatus.OK;
        }
        if (type == PATH && code >= ANA_PERSISTENT_LOSS && code <= ANA_TRANSITION) {
            return ACCESS;
        }
        if (type == GENERIC && code == INVALID_OPCODE) {
            return IoStatus.UNSUPPORTED;
        }
        if (type == GENERIC && code == Status.CAPACITY_EXCEEDED) {
            return IoStatus.NO_SPACE;
        }
        boolean passes = type == PATH || type == GENERIC && mayPass(code);
        if ((status & Status.DNR) == 0 && type != MEDIA && passes) {
            return AGAIN;
        }
        return operation == Io.READ ? IoStatus.READ_ERROR : IoStatus.WRITE_ERROR;
    }

    private static boolean mayPass(int code) {
        return switch (code) {
            case Status.DATA_TRANSFER_ERROR,
                    Status.INTERNAL_ERROR,
                    Status.ABORT_REQUESTED,
                    Status.ABORTED_SQ_DELETION,
                    COMMAND_INTERRUPTED,
                    Status.TRANSIENT_TRANSPORT_ERROR,
                    Status.NAMESPACE_NOT_READY -> true;
            default -> false;
        };
    }
}
