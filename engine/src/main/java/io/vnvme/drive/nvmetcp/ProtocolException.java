package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.Pdu;

/** A target broke the protocol: the connection ends by an H2CTermReq with this status and information. */
final class ProtocolException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final int information;

    /**
     * @param status Fatal Error Status
     * @param information Fatal Error Information: the offset of the field, or the digest
     */
    ProtocolException(int status, int information, String message) {
        super(message, null, false, false);
        this.status = status;
        this.information = information;
    }

    static ProtocolException field(int offset, String message) {
        return new ProtocolException(Pdu.FES_INVALID_FIELD, offset, message);
    }

    int status() {
        return status;
    }

    int information() {
        return information;
    }
}
