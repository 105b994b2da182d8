package io.vnvme.frontend.tcp;

import io.vnvme.nvme.FabricsHost;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * A Connect command with its data (NVM Express Base 2.0, 6.3), decoded once.
 *
 * @param commandId the host's
 * @param queueId 0: the admin queue of a new controller
 * @param entries of the submission queue
 * @param flowControl whether the submission queue has it
 * @param controllerId of an I/O queue: whose it is to be
 */
record ConnectRequest(
        int commandId,
        int queueId,
        int entries,
        boolean flowControl,
        int controllerId,
        String subsystemNqn,
        FabricsHost host) {
    /** Names end at a zero, and are printable ASCII (4.5): what else is in there is nobody's name. */
    private static final int PRINTABLE_FIRST = 0x21;

    private static final int PRINTABLE_LAST = 0x7e;

    /** @throws ConnectRefused for a format or a name that is none */
    static ConnectRequest decode(MemorySegment s, long entry, long data) {
        if (s.get(ValueLayout.JAVA_SHORT_UNALIGNED, entry + Fabrics.RECFMT) != 0) {
            throw new ConnectRefused(Status.CONNECT_INCOMPATIBLE_FORMAT, 0, "record format");
        }
        int attributes = s.get(ValueLayout.JAVA_BYTE, entry + Fabrics.CONNECT_CATTR);
        FabricsHost host = new FabricsHost(
                name(s, data, Fabrics.HOSTNQN),
                s.get(ValueLayout.JAVA_LONG_UNALIGNED, data + Fabrics.HOSTID),
                s.get(ValueLayout.JAVA_LONG_UNALIGNED, data + Fabrics.HOSTID + 8),
                s.get(ValueLayout.JAVA_INT_UNALIGNED, entry + Fabrics.CONNECT_KATO));
        return new ConnectRequest(
                Sqe.cid(s, entry),
                Pdu.shortAt(s, entry + Fabrics.CONNECT_QID),
                Pdu.shortAt(s, entry + Fabrics.CONNECT_SQSIZE) + 1,
                (attributes & Fabrics.CATTR_NO_FLOW_CONTROL) == 0,
                Pdu.shortAt(s, data + Fabrics.CNTLID),
                name(s, data, Fabrics.SUBNQN),
                host);
    }

    private static String name(MemorySegment s, long data, int field) {
        byte[] bytes = s.asSlice(data + field, Fabrics.NQN_BYTES).toArray(ValueLayout.JAVA_BYTE);
        int length = 0;
        while (length < bytes.length && bytes[length] >= PRINTABLE_FIRST && bytes[length] <= PRINTABLE_LAST) {
            length++;
        }
        if (length == 0 || length == bytes.length || bytes[length] != 0) {
            throw ConnectRefused.data(field, "a name that is none");
        }
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }
}
