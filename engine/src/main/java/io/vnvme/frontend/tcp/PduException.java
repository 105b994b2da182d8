package io.vnvme.frontend.tcp;

import io.vnvme.nvme.wire.Pdu;

/** A host broke the protocol: its connection ends by a C2HTermReq with this status and information. */
final class PduException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final int information;

    /**
     * @param status Fatal Error Status
     * @param information Fatal Error Information: the offset of the field, or the digest
     */
    PduException(int status, int information, String message) {
        super(message, null, false, false);
        this.status = status;
        this.information = information;
    }

    static PduException field(int offset, String message) {
        return new PduException(Pdu.FES_INVALID_FIELD, offset, message);
    }

    int status() {
        return status;
    }

    int information() {
        return information;
    }
}
