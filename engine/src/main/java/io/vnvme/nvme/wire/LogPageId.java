package io.vnvme.nvme.wire;

/** Log page identifiers (NVM Express Base 2.0, figure 202). */
public final class LogPageId {
    public static final int SUPPORTED_LOG_PAGES = 0x00;
    public static final int ERROR_INFORMATION = 0x01;
    public static final int SMART = 0x02;
    public static final int FIRMWARE_SLOT = 0x03;
    public static final int CHANGED_NAMESPACES = 0x04;
    public static final int COMMANDS_SUPPORTED = 0x05;
    public static final int ANA = 0x0c;
    public static final int FEATURES_SUPPORTED = 0x12;
    /** Of discovery controllers. */
    public static final int DISCOVERY = 0x70;

    public static final int RESERVATION_NOTIFICATION = 0x80;

    /** Vendor specific: what the daemon counts (docs/formats/vendor-log.md). */
    public static final int VENDOR = 0xc0;

    private LogPageId() {}
}
