package io.vnvme.nvme.wire;

/** Asynchronous events (NVM Express Base 2.0, 5.2): type in bits 2:0, information in 15:8, log page in 23:16. */
public final class AsyncEvent {
    public static final int TYPE_ERROR = 0;
    public static final int TYPE_SMART = 1;
    public static final int TYPE_NOTICE = 2;
    public static final int TYPE_IO_COMMAND_SET = 6;

    /** How many types there are: the width of a mask by type. */
    public static final int TYPES = 8;

    public static final int INVALID_DOORBELL_REGISTER = event(TYPE_ERROR, 0, LogPageId.ERROR_INFORMATION);
    public static final int INVALID_DOORBELL_VALUE = event(TYPE_ERROR, 1, LogPageId.ERROR_INFORMATION);
    public static final int NAMESPACE_CHANGED = event(TYPE_NOTICE, 0, LogPageId.CHANGED_NAMESPACES);
    public static final int ANA_CHANGED = event(TYPE_NOTICE, 3, LogPageId.ANA);
    public static final int DISCOVERY_LOG_CHANGED = event(TYPE_NOTICE, 0xf0, LogPageId.DISCOVERY);
    public static final int RESERVATION_LOG = event(TYPE_IO_COMMAND_SET, 0, LogPageId.RESERVATION_NOTIFICATION);

    private AsyncEvent() {}

    public static int event(int type, int information, int logPage) {
        return type | information << 8 | logPage << 16;
    }

    public static int type(int event) {
        return event & 7;
    }

    public static int logPage(int event) {
        return event >>> 16 & 0xff;
    }
}
