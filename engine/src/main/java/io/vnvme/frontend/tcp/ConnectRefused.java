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

    int status() {
        return status;
    }

    int result() {
        return result;
    }
}
