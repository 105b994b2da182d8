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
    public static final int AUTHENTICATION_SEND = 0x05;
    public static final int AUTHENTICATION_RECEIVE = 0x06;
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

    /** What Connect answers beside the controller identifier: the queue has to be authenticated (AUTHREQ.ATR). */
    public static final int AUTHENTICATION_REQUIRED = 1 << 17;

    /** The same, or that a secure channel is to be made by authentication (AUTHREQ.ASCR). */
    public static final int AUTHENTICATION_REQUESTS = AUTHENTICATION_REQUIRED | 1 << 18;

    /** Authentication Send and Receive: a zero, two bytes that are particular to the protocol, and the protocol; then 4 bytes of length. */
    public static final int AUTH_PROTOCOL = 40;

    public static final int AUTH_LENGTH = 44;
    public static final int AUTH_MASK = 0xffffff00;
    /** What those bytes are for authentication: SPSP0 1, SPSP1 1, SECP E9h. */
    public static final int AUTH_NVME = 0xe9010100;
    /** Messages that are sent have at most so many bytes: no kind of them needs more. */
    public static final int AUTH_BYTES_MAX = 4096;

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
