package io.vnvme.frontend.tcp;

import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.Digest;
import io.vnvme.nvme.wire.Pdu;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Puts PDUs for the host together where their data lies: C2HData and the response to its command go out as one piece of
 * memory.
 */
final class Responses {
    private final MemorySegment memory;
    private final Digest digest;
    private final boolean headerDigests;
    private final boolean dataDigests;
    /** From the header to the data in C2HData. */
    private final int dataOffset;

    /** @param digest over {@code memory} */
    Responses(MemorySegment memory, Digest digest, Agreement agreement) {
        this.memory = memory;
        this.digest = digest;
        headerDigests = agreement.headerDigests();
        dataDigests = agreement.dataDigests();
        int header = Pdu.DATA_BYTES + (headerDigests ? Pdu.DIGEST_BYTES : 0);
        dataOffset = (header + agreement.dataAlignment() - 1) / agreement.dataAlignment() * agreement.dataAlignment();
    }

    /** Where a PDU begins that goes out with the data at {@code data}. */
    long dataBegin(long data) {
        return data - dataOffset;
    }

    /**
     * A C2HData around {@code length} bytes at {@code data}: from {@link #dataBegin} on.
     *
     * @param success whether it stands for the response too
     * @return where it ends
     */
    long data(long data, int length, int hostId, boolean success) {
        long at = dataBegin(data);
        int flags = Pdu.FLAG_LAST
                | (success ? Pdu.FLAG_SUCCESS : 0)
                | (headerDigests ? Pdu.FLAG_HEADER_DIGEST : 0)
                | (dataDigests ? Pdu.FLAG_DATA_DIGEST : 0);
        int bytes = dataOffset + length + (dataDigests ? Pdu.DIGEST_BYTES : 0);
        Pdu.common(memory, at, Pdu.C2H_DATA, flags, Pdu.DATA_BYTES, dataOffset, bytes);
        Pdu.data(memory, at, hostId, 0, 0, length);
        long end = at + Pdu.DATA_BYTES;
        if (headerDigests) {
            end = digested(at, Pdu.DATA_BYTES);
        }
        for (; end < data; end += Integer.BYTES) {
            memory.set(ValueLayout.JAVA_INT_UNALIGNED, end, 0);
        }
        return dataDigests ? digested(data, length) : data + length;
    }

    /** An R2T for all of a command's data. @return where it ends */
    long readyToTransfer(long at, int hostId, int command, int length) {
        int flags = headerDigests ? Pdu.FLAG_HEADER_DIGEST : 0;
        int bytes = Pdu.DATA_BYTES + (headerDigests ? Pdu.DIGEST_BYTES : 0);
        Pdu.common(memory, at, Pdu.R2T, flags, Pdu.DATA_BYTES, 0, bytes);
        Pdu.data(memory, at, hostId, command, 0, length);
        return headerDigests ? digested(at, Pdu.DATA_BYTES) : at + Pdu.DATA_BYTES;
    }

    /** A response capsule. @return where it ends */
    long response(long at, long result, int sqHead, int queue, int hostId, int status) {
        int flags = headerDigests ? Pdu.FLAG_HEADER_DIGEST : 0;
        int bytes = Pdu.CAPSULE_RESP_BYTES + (headerDigests ? Pdu.DIGEST_BYTES : 0);
        Pdu.common(memory, at, Pdu.CAPSULE_RESP, flags, Pdu.CAPSULE_RESP_BYTES, 0, bytes);
        long entry = at + Pdu.COMMON_BYTES;
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, entry, result);
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, entry + Cqe.SQ_HEAD_ID, Cqe.high(sqHead, queue, hostId, status, 0));
        return headerDigests ? digested(at, Pdu.CAPSULE_RESP_BYTES) : at + Pdu.CAPSULE_RESP_BYTES;
    }

    private long digested(long at, int length) {
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, at + length, digest.of(at, length));
        return at + length + Pdu.DIGEST_BYTES;
    }
}
