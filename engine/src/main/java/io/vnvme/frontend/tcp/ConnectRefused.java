package io.vnvme.frontend.tcp;

import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Status;

/** A Connect command that is answered by an error. */
public final class ConnectRefused extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final int result;

    /**
     * @param status of the response, as in {@link Status}
     * @param result its first dword: which parameter is invalid
     */
    public ConnectRefused(int status, int result, String why) {
        super(why, null, false, false);
        this.status = status;
        this.result = result;
    }

    /** @param field offset in the data of Connect */
    static ConnectRefused data(int field, String why) {
        return new ConnectRefused(Status.CONNECT_INVALID_PARAMETERS, Fabrics.INVALID_IN_DATA | field, why);
    }

    /** @param field offset in the submission queue entry */
    static ConnectRefused entry(int field, String why) {
        return new ConnectRefused(Status.CONNECT_INVALID_PARAMETERS, field, why);
    }

    /**
     * What Connect names is not there now. Without Do Not Retry: Linux removes the controller, and with it the drive that is in
     * use, after a refusal that has it, and else connects anew some seconds later.
     */
    static ConnectRefused untilLater(String why) {
        return new ConnectRefused(Status.CONNECT_CONTROLLER_BUSY, 0, why);
    }

    /** The same of the controller that an I/O queue is for, which ended since its host connected: it is to begin with another one. */
    static ConnectRefused controllerGone(int id) {
        return new ConnectRefused(
                Status.CONNECT_INVALID_PARAMETERS & ~Status.DNR,
                Fabrics.INVALID_IN_DATA | Fabrics.CNTLID,
                "no controller " + id);
    }

    int status() {
        return status;
    }

    int result() {
        return result;
    }
}
