package io.vnvme.testkit.tcp;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.DriverException;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** A queue pair of a host: one connection, and the commands that are outstanding on it. */
@SuppressWarnings("ByteBufferBackingArray") // all are made by allocate or wrap
public final class HostQueue implements AutoCloseable {
    private static final byte[] NO_DATA = {};
    private static final int SGL_IN_CAPSULE = 0x01;
    private static final int SGL_TRANSPORT = 0x5a;
    private static final int PSDT_SGL = 1;
    private static final int CIDS = 0x10000;

    private final PduChannel channel;
    private final HostOptions options;
    private final int dataPduBytesMax;
    private final Map<Integer, Outstanding> outstanding = new HashMap<>();
    private int inCapsuleBytesMax;
    private int nextCid;

    /** A command: what it sends, and what it has got. */
    private static final class Outstanding {
        private final byte[] out;
        private final byte[] in;
        private int got;
        private Completion completion = NONE;

        Outstanding(byte[] out, int inBytes) {
            this.out = out;
            this.in = new byte[inBytes];
        }
    }

    private static final Completion NONE = new Completion(0, 0, 0, 0, -1);

    /** How a command ended, and the data that came with it. */
    @SuppressWarnings("ArrayRecordComponent") // compared by what is in it, never as a whole
    public record Result(Completion completion, byte[] data) {
        public Result orThrow() {
            completion.orThrow();
            return this;
        }
    }

    private HostQueue(PduChannel channel, HostOptions options) {
        this.channel = channel;
        this.options = options;
        this.inCapsuleBytesMax = options.inCapsuleBytesMax();
        channel.send(HostPdu.icReq(options));
        ByteBuffer answer = channel.expect(HostPdu.IC_RESP).bytes();
        this.dataPduBytesMax = Math.min(options.dataPduBytesMax(), answer.getInt(12));
    }

    /** Connects and greets. */
    public static HostQueue greet(InetSocketAddress address, HostOptions options) {
        return greet(PduChannel.connect(address), options);
    }

    /** Greets by a connection that is there. */
    public static HostQueue greet(PduChannel channel, HostOptions options) {
        try {
            return new HostQueue(channel, options);
        } catch (RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    public PduChannel channel() {
        return channel;
    }

    /** What the controller says that capsules may carry. */
    void capsuleBytesMax(int bytes) {
        inCapsuleBytesMax = Math.min(options.inCapsuleBytesMax(), bytes);
    }

    /**
     * The Connect command.
     *
     * @param entries of the submission queue
     */
    public Completion connect(String nqn, int queueId, int entries, int controllerId) {
        ByteBuffer data = HostPdu.buffer(Fabrics.CONNECT_DATA_BYTES);
        data.putLong(0, options.hostId().getMostSignificantBits());
        data.putLong(8, options.hostId().getLeastSignificantBits());
        data.putShort(16, (short) controllerId);
        data.put(Fabrics.SUBNQN, nqn.getBytes(StandardCharsets.US_ASCII));
        data.put(Fabrics.HOSTNQN, options.hostNqn().getBytes(StandardCharsets.US_ASCII));
        Command command = fabrics(Fabrics.CONNECT)
                .dword(10, queueId << 16)
                .dword(11, entries - 1 | (options.flowControl() ? 0 : 4) << 16)
                .dword(12, options.keepAliveMs());
        return execute(command, data.array()).completion();
    }

    public static Command fabrics(int type) {
        return Command.of(AdminOpcode.FABRICS).dword(1, type);
    }

    public Completion propertySet(int offset, int value) {
        return execute(fabrics(Fabrics.PROPERTY_SET).dword(11, offset).dword(12, value))
                .completion();
    }

    /** @param wide 8 bytes, not 4 */
    public long propertyGet(int offset, boolean wide) {
        Completion answer = execute(
                        fabrics(Fabrics.PROPERTY_GET).dword(10, wide ? 1 : 0).dword(11, offset))
                .completion();
        return answer.orThrow().result();
    }

    /** A command without data. */
    public Result execute(Command command) {
        return await(submit(command, NO_DATA, 0));
    }

    /** A command that sends data. */
    public Result execute(Command command, byte[] out) {
        return await(submit(command, out, 0));
    }

    /** A command that gets data. */
    public Result read(Command command, int bytes) {
        return await(submit(command, NO_DATA, bytes));
    }

    /** Sends a command. @return its CID */
    public int submit(Command command, byte[] out, int inBytes) {
        int cid = free();
        describe(command.cid(cid), out, inBytes);
        outstanding.put(cid, new Outstanding(out, inBytes));
        channel.send(capsule(command, out));
        return cid;
    }

    /** An identifier that goes far around, as Linux's do. */
    private int free() {
        do {
            nextCid = (nextCid + 0x1235) % CIDS;
        } while (outstanding.containsKey(nextCid));
        return nextCid;
    }

    private void describe(Command command, byte[] out, int inBytes) {
        boolean inCapsule = out.length > 0 && out.length <= capsuleLimit(command);
        int type = inCapsule ? SGL_IN_CAPSULE : SGL_TRANSPORT;
        long length = out.length > 0 ? out.length : inBytes;
        command.data(0, length | (long) type << 56, PSDT_SGL);
    }

    private int capsuleLimit(Command command) {
        boolean fabrics = (command.dword(0) & 0xff) == AdminOpcode.FABRICS;
        return fabrics ? Fabrics.CONNECT_DATA_BYTES : inCapsuleBytesMax;
    }

    /** A command capsule with data where it has some that goes into it. */
    public ByteBuffer capsule(Command command, byte[] out) {
        ByteBuffer header = HostPdu.buffer(72);
        header.put(8, command.bytes().toArray(ValueLayout.JAVA_BYTE));
        boolean inCapsule = out.length > 0 && out.length <= capsuleLimit(command);
        return HostPdu.of(header, HostPdu.CAPSULE_CMD, 0, inCapsule ? out : NO_DATA, options);
    }

    /** Waits for the end of a command; others may end meanwhile. */
    public Result await(int cid) {
        Outstanding waited = outstanding(cid);
        while (waited.completion == NONE) {
            take();
        }
        outstanding.remove(cid);
        return new Result(waited.completion, waited.in);
    }

    private Outstanding outstanding(int cid) {
        Outstanding found = outstanding.get(cid);
        if (found == null) {
            throw new DriverException("no command %d".formatted(cid));
        }
        return found;
    }

    /** Takes the next PDU that comes. */
    private void take() {
        PduChannel.Received pdu = channel.next().orElseThrow(() -> new DriverException("closed by the target"));
        ByteBuffer bytes = pdu.bytes();
        switch (pdu.type()) {
            case HostPdu.CAPSULE_RESP -> completed(bytes);
            case HostPdu.R2T -> ready(bytes);
            case HostPdu.C2H_DATA -> data(pdu);
            default -> throw new DriverException("PDU of type %d, FES %d".formatted(pdu.type(), pdu.fatalStatus()));
        }
    }

    private void completed(ByteBuffer bytes) {
        int cid = bytes.getShort(20) & 0xffff;
        Outstanding command = outstanding(cid);
        int status = (bytes.getShort(22) & 0xffff) >>> 1;
        if (status == 0 && command.got != command.in.length) {
            throw new DriverException("%d bytes of %d".formatted(command.got, command.in.length));
        }
        command.completion =
                new Completion(bytes.getLong(8), bytes.getShort(16) & 0xffff, bytes.getShort(18) & 0xffff, cid, status);
    }

    private void ready(ByteBuffer bytes) {
        int cid = bytes.getShort(8) & 0xffff;
        int offset = bytes.getInt(12);
        int end = offset + bytes.getInt(16);
        byte[] out = outstanding(cid).out;
        for (int at = offset; at < end; ) {
            int part = Math.min(dataPduBytesMax, end - at);
            channel.send(
                    h2cData(cid, bytes.getShort(10), at, Arrays.copyOfRange(out, at, at + part), at + part == end));
            at += part;
        }
    }

    /** Data for an R2T. */
    public ByteBuffer h2cData(int cid, int tag, int offset, byte[] data, boolean last) {
        ByteBuffer header = HostPdu.buffer(24);
        header.putShort(8, (short) cid).putShort(10, (short) tag);
        header.putInt(12, offset).putInt(16, data.length);
        return HostPdu.of(header, HostPdu.H2C_DATA, last ? HostPdu.LAST : 0, data, options);
    }

    private void data(PduChannel.Received pdu) {
        ByteBuffer bytes = pdu.bytes();
        int cid = bytes.getShort(8) & 0xffff;
        Outstanding command = outstanding(cid);
        int offset = bytes.getInt(12);
        int length = bytes.getInt(16);
        if (offset != command.got || pdu.dataOffset() % ((options.dataAlignment() + 1) * 4) != 0) {
            throw new DriverException("data at %d, in the PDU at %d".formatted(offset, pdu.dataOffset()));
        }
        System.arraycopy(bytes.array(), pdu.dataOffset(), command.in, offset, length);
        command.got += length;
        if (pdu.has(HostPdu.SUCCESS)) {
            if (options.flowControl() || !pdu.has(HostPdu.LAST) || command.got != command.in.length) {
                throw new DriverException("SUCCESS where it may not be");
            }
            command.completion = new Completion(0, 0xffff, 0, cid, 0);
        }
    }

    /**
     * A load on this queue, which does nothing else any more.
     *
     * @param depth commands outstanding, fewer than the queue has entries
     * @param bytes of each, in blocks of 512
     * @param writes they are written, in capsules; otherwise read
     * @param driveBytes at random places of so much
     */
    public PolledQueue polled(int depth, int bytes, boolean writes, long driveBytes) {
        return new PolledQueue(this, options, depth, bytes, writes, driveBytes);
    }

    @Override
    public void close() {
        channel.close();
    }
}
