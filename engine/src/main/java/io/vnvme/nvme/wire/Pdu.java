package io.vnvme.nvme.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Protocol data units (NVMe/TCP Transport Specification 1.0, 3.6): little endian, a common header of 8 bytes first.
 *
 * <p>Offsets and lengths in bytes.
 */
public final class Pdu {
    public static final int IC_REQ = 0x00;
    public static final int IC_RESP = 0x01;
    public static final int H2C_TERM_REQ = 0x02;
    public static final int C2H_TERM_REQ = 0x03;
    public static final int CAPSULE_CMD = 0x04;
    public static final int CAPSULE_RESP = 0x05;
    public static final int H2C_DATA = 0x06;
    public static final int C2H_DATA = 0x07;
    public static final int R2T = 0x09;

    public static final int FLAG_HEADER_DIGEST = 1;
    public static final int FLAG_DATA_DIGEST = 1 << 1;
    public static final int FLAG_LAST = 1 << 2;
    public static final int FLAG_SUCCESS = 1 << 3;

    // Common header.
    public static final int TYPE = 0;
    public static final int FLAGS = 1;
    public static final int HLEN = 2;
    public static final int PDO = 3;
    public static final int PLEN = 4;
    public static final int COMMON_BYTES = 8;

    public static final int IC_BYTES = 128;
    public static final int CAPSULE_CMD_BYTES = 72;
    public static final int CAPSULE_RESP_BYTES = 24;
    public static final int DATA_BYTES = 24;
    public static final int TERM_REQ_BYTES = 24;
    /** How much of an offending header a termination request repeats. */
    public static final int TERM_DATA_MAX = 128;

    public static final int DIGEST_BYTES = 4;

    // ICReq and ICResp.
    public static final int IC_PFV = 8;
    /** Alignment of data, in units of 4 bytes, 0's based: the host's in ICReq, the controller's in ICResp. */
    public static final int IC_DATA_ALIGNMENT = 10;

    public static final int IC_DIGESTS = 11;
    /** ICReq: R2Ts that may be outstanding for a command, 0's based. ICResp: most data in one H2CData. */
    public static final int IC_LIMIT = 12;

    public static final int IC_HEADER_DIGEST = 1;
    public static final int IC_DATA_DIGEST = 1 << 1;
    public static final int IC_DATA_ALIGNMENT_MAX = 31;

    // H2CData, C2HData and R2T.
    public static final int DATA_CCCID = 8;
    public static final int DATA_TTAG = 10;
    public static final int DATA_OFFSET = 12;
    public static final int DATA_LENGTH = 16;

    // Termination requests.
    public static final int TERM_FES = 8;
    public static final int TERM_FEI = 10;

    // Fatal Error Status (figures 20 and 21).
    public static final int FES_INVALID_FIELD = 0x01;
    public static final int FES_SEQUENCE = 0x02;
    public static final int FES_HEADER_DIGEST = 0x03;
    public static final int FES_DATA_RANGE = 0x04;
    public static final int FES_DATA_LIMIT = 0x05;
    public static final int FES_UNSUPPORTED = 0x06;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private Pdu() {}

    public static int type(MemorySegment s, long at) {
        return s.get(BYTE, at + TYPE) & 0xff;
    }

    public static int flags(MemorySegment s, long at) {
        return s.get(BYTE, at + FLAGS) & 0xff;
    }

    public static int headerBytes(MemorySegment s, long at) {
        return s.get(BYTE, at + HLEN) & 0xff;
    }

    public static int dataOffset(MemorySegment s, long at) {
        return s.get(BYTE, at + PDO) & 0xff;
    }

    /** PLEN, as an unsigned number. */
    public static long bytes(MemorySegment s, long at) {
        return s.get(INT, at + PLEN) & 0xffff_ffffL;
    }

    public static int shortAt(MemorySegment s, long at) {
        return s.get(SHORT, at) & 0xffff;
    }

    public static long intAt(MemorySegment s, long at) {
        return s.get(INT, at) & 0xffff_ffffL;
    }

    public static void common(
            MemorySegment s, long at, int type, int flags, int headerBytes, int dataOffset, int bytes) {
        s.set(INT, at, type | flags << 8 | headerBytes << 16 | dataOffset << 24);
        s.set(INT, at + PLEN, bytes);
    }

    /** What follows the common header of C2HData and R2T. */
    public static void data(MemorySegment s, long at, int cccid, int ttag, int offset, int length) {
        s.set(INT, at + DATA_CCCID, cccid & 0xffff | ttag << 16);
        s.set(INT, at + DATA_OFFSET, offset);
        s.set(INT, at + DATA_LENGTH, length);
        s.set(INT, at + DATA_LENGTH + 4, 0);
    }
}
