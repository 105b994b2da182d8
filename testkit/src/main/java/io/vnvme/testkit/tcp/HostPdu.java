package io.vnvme.testkit.tcp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** PDUs of NVMe/TCP as a host makes and reads them. */
@SuppressWarnings("ByteBufferBackingArray") // all are made by allocate or wrap
public final class HostPdu {
    public static final int IC_REQ = 0;
    public static final int IC_RESP = 1;
    public static final int H2C_TERM_REQ = 2;
    public static final int C2H_TERM_REQ = 3;
    public static final int CAPSULE_CMD = 4;
    public static final int CAPSULE_RESP = 5;
    public static final int H2C_DATA = 6;
    public static final int C2H_DATA = 7;
    public static final int R2T = 9;

    public static final int HEADER_DIGEST = 1;
    public static final int DATA_DIGEST = 2;
    public static final int LAST = 4;
    public static final int SUCCESS = 8;

    public static final int IC_BYTES = 128;
    public static final int COMMON_BYTES = 8;
    public static final int DIGEST_BYTES = 4;

    private HostPdu() {}

    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** An ICReq of format 0 for these options; one R2T at a time for each command. */
    public static ByteBuffer icReq(HostOptions options) {
        ByteBuffer pdu = buffer(IC_BYTES);
        common(pdu, IC_REQ, 0, IC_BYTES, 0, IC_BYTES);
        pdu.put(10, (byte) options.dataAlignment());
        pdu.put(11, (byte) ((options.headerDigests() ? 1 : 0) | (options.dataDigests() ? 2 : 0)));
        return pdu;
    }

    /** The first 8 bytes of any PDU. */
    public static void common(ByteBuffer pdu, int type, int flags, int headerBytes, int dataOffset, int bytes) {
        pdu.put(0, (byte) type).put(1, (byte) flags).put(2, (byte) headerBytes).put(3, (byte) dataOffset);
        pdu.putInt(4, bytes);
    }

    /** A PDU of a header, whose lengths and digest flags are filled in, and data that may be none. */
    public static ByteBuffer of(ByteBuffer header, int type, int flags, byte[] data, HostOptions options) {
        int headerBytes = header.capacity();
        int offset = headerBytes + (options.headerDigests() ? DIGEST_BYTES : 0);
        boolean dataDigest = options.dataDigests() && data.length > 0;
        int bytes = offset + data.length + (dataDigest ? DIGEST_BYTES : 0);
        ByteBuffer pdu = buffer(bytes);
        pdu.put(0, header.array());
        int digests = (options.headerDigests() ? HEADER_DIGEST : 0) | (dataDigest ? DATA_DIGEST : 0);
        common(pdu, type, flags | digests, headerBytes, data.length > 0 ? offset : 0, bytes);
        if (options.headerDigests()) {
            pdu.putInt(headerBytes, crc(pdu.array(), 0, headerBytes));
        }
        pdu.put(offset, data);
        if (dataDigest) {
            pdu.putInt(offset + data.length, crc(data, 0, data.length));
        }
        return pdu;
    }

    public static int crc(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }
}
