package io.vnvme.nvme.wire;

/**
 * Fabrics commands (NVM Express Base 2.0, 6): submission queue entries of {@link AdminOpcode#FABRICS} whose type is in byte 4,
 * and the data of Connect. Offsets in bytes, little endian.
 */
public final class Fabrics {
    /** Name of every discovery subsystem. */
    public static final String DISCOVERY_NQN = "nqn.2014-08.org.nvmexpress.discovery";

    /** Fabrics command type, 1 byte. */
    public static final int FCTYPE = 4;

    public static final int PROPERTY_SET = 0x00;
    public static final int CONNECT = 0x01;
    public static final int PROPERTY_GET = 0x04;
    public static final int DISCONNECT = 0x08;

    /** Connect and Disconnect: Record Format, 2 bytes. */
    public static final int RECFMT = 40;
    /** Connect: Queue ID, 2 bytes; Submission Queue Size, 0's based, 2; attributes, 1; Keep Alive Timeout in ms, 4. */
    public static final int CONNECT_QID = 42;

    public static final int CONNECT_SQSIZE = 44;
    public static final int CONNECT_CATTR = 46;
    public static final int CONNECT_KATO = 48;
    /** CATTR: the submission queue has no flow control. */
    public static final int CATTR_NO_FLOW_CONTROL = 1 << 2;

    /** Data of Connect. */
    public static final int CONNECT_DATA_BYTES = 1024;

    public static final int HOSTID = 0;
    public static final int CNTLID = 16;
    public static final int SUBNQN = 256;
    public static final int HOSTNQN = 512;
    /** Room for a name, its terminating zero included. */
    public static final int NQN_BYTES = 256;
    /** CNTLID of a Connect that wants a new controller of the dynamic model. */
    public static final int CNTLID_DYNAMIC = 0xffff;
    /** In what Connect answers to invalid parameters: the offset is one into the data. */
    public static final int INVALID_IN_DATA = 1 << 16;

    /** Property Get and Set: attributes, 1 byte, of which bits 2:0 say 4 bytes (0) or 8 (1); offset, 4; value, 8. */
    public static final int PROPERTY_ATTRIB = 40;

    public static final int PROPERTY_OFFSET = 44;
    public static final int PROPERTY_VALUE = 48;

    private Fabrics() {}
}
