package io.vnvme.nvme.wire;

/**
 * Status field of a completion (NVM Express Base 2.0, 3.3.3.2.1) without its phase tag: SC in bits 7:0, SCT in 10:8,
 * More in 13, Do Not Retry in 14.
 */
public final class Status {
    /** Do Not Retry: the same command would fail again. */
    public static final int DNR = 1 << 14;
    /** More: the error log has an entry about it. */
    public static final int MORE = 1 << 13;

    private static final int SPECIFIC = 1 << 8;
    private static final int MEDIA = 2 << 8;
    private static final int PATH = 3 << 8;

    // Generic command status.
    public static final int SUCCESS = 0x00;
    public static final int INVALID_OPCODE = 0x01 | DNR;
    public static final int INVALID_FIELD = 0x02 | DNR;
    public static final int DATA_TRANSFER_ERROR = 0x04;
    public static final int INTERNAL_ERROR = 0x06;
    public static final int ABORT_REQUESTED = 0x07;
    public static final int ABORTED_SQ_DELETION = 0x08;
    public static final int ABORTED_FAILED_FUSED = 0x09;
    public static final int ABORTED_MISSING_FUSED = 0x0a;
    public static final int INVALID_NAMESPACE = 0x0b | DNR;
    public static final int COMMAND_SEQUENCE_ERROR = 0x0c | DNR;
    public static final int INVALID_SGL_SEGMENT = 0x0d | DNR;
    public static final int INVALID_SGL_COUNT = 0x0e | DNR;
    public static final int SGL_LENGTH_INVALID = 0x0f | DNR;
    public static final int SGL_TYPE_INVALID = 0x11 | DNR;
    public static final int PRP_OFFSET_INVALID = 0x13 | DNR;
    public static final int HOST_ID_INCONSISTENT = 0x18 | DNR;
    /** The data did not arrive as it was sent: the same command may do better. */
    public static final int TRANSIENT_TRANSPORT_ERROR = 0x22;

    public static final int COMMAND_SET_INVALID = 0x2c | DNR;
    public static final int WRITE_PROTECTED = 0x20 | DNR;

    // Generic status of the NVM command set.
    public static final int LBA_OUT_OF_RANGE = 0x80 | DNR;
    public static final int CAPACITY_EXCEEDED = 0x81;
    public static final int NAMESPACE_NOT_READY = 0x82;
    public static final int RESERVATION_CONFLICT = 0x83 | DNR;

    // Command specific status.
    public static final int CQ_INVALID = 0x00 | SPECIFIC | DNR;
    public static final int QUEUE_ID_INVALID = 0x01 | SPECIFIC | DNR;
    public static final int QUEUE_SIZE_INVALID = 0x02 | SPECIFIC | DNR;
    public static final int ASYNC_EVENT_LIMIT = 0x05 | SPECIFIC | DNR;
    public static final int INTERRUPT_VECTOR_INVALID = 0x08 | SPECIFIC | DNR;
    public static final int LOG_PAGE_INVALID = 0x09 | SPECIFIC | DNR;
    public static final int FORMAT_INVALID = 0x0a | SPECIFIC | DNR;
    public static final int QUEUE_DELETION_INVALID = 0x0c | SPECIFIC | DNR;
    public static final int FEATURE_NOT_SAVEABLE = 0x0d | SPECIFIC | DNR;
    public static final int FEATURE_NOT_CHANGEABLE = 0x0e | SPECIFIC | DNR;
    public static final int FEATURE_NOT_NAMESPACE_SPECIFIC = 0x0f | SPECIFIC | DNR;
    public static final int COMMAND_SET_REJECTED = 0x2b | SPECIFIC | DNR;
    public static final int CONFLICTING_ATTRIBUTES = 0x80 | SPECIFIC | DNR;
    /** Command Size Limit Exceeded (Copy, Dataset Management). */
    public static final int COMMAND_SIZE_LIMIT = 0x83 | SPECIFIC | DNR;

    // Command specific status of Connect.
    public static final int CONNECT_INCOMPATIBLE_FORMAT = 0x80 | SPECIFIC | DNR;
    public static final int CONNECT_CONTROLLER_BUSY = 0x81 | SPECIFIC;
    public static final int CONNECT_INVALID_PARAMETERS = 0x82 | SPECIFIC | DNR;
    public static final int CONNECT_INVALID_HOST = 0x84 | SPECIFIC | DNR;
    /** Of Disconnect: on a queue that it is not for. */
    public static final int INVALID_QUEUE_TYPE = 0x85 | SPECIFIC | DNR;

    /** Of any command: the queue has not been authenticated. */
    public static final int AUTHENTICATION_REQUIRED = 0x91 | SPECIFIC | DNR;

    // Media and data integrity errors.
    public static final int WRITE_FAULT = 0x80 | MEDIA;
    public static final int UNRECOVERED_READ_ERROR = 0x81 | MEDIA;
    public static final int COMPARE_FAILURE = 0x85 | MEDIA | DNR;

    // Path related status.
    public static final int INTERNAL_PATH_ERROR = 0x00 | PATH;
    public static final int ANA_PERSISTENT_LOSS = 0x01 | PATH;
    public static final int ANA_INACCESSIBLE = 0x02 | PATH;
    public static final int ANA_TRANSITION = 0x03 | PATH;

    private Status() {}

    /** Status Code Type. */
    public static int type(int status) {
        return status >>> 8 & 7;
    }

    /** Status Code. */
    public static int code(int status) {
        return status & 0xff;
    }

    /** Type and code without More and Do Not Retry. */
    public static int typeAndCode(int status) {
        return status & 0x7ff;
    }
}
