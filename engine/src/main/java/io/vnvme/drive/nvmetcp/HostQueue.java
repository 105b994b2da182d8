package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.nvme.wire.Status;
import io.vnvme.os.Epoll;
import io.vnvme.os.NativeException;
import io.vnvme.os.SendQueue;
import io.vnvme.os.TcpSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Watch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A queue pair of a remote controller, which is one connection: reached, greeted and connected without waiting anywhere, then
 * commands by slots.
 *
 * <p>Whatever goes wrong - the network, a target that breaks the protocol - ends it once, by {@link Owner#lost}; nobody hears of
 * the commands that were outstanding then.
 */
final class HostQueue implements Inbox.Sink {
    /** Whose queue it is. Called in {@link #poll} and {@link #flush}. */
    interface Owner {
        /** Connect has succeeded: commands may be sent. */
        void connected(int controllerId);

        /** {@code length} bytes of what a command reads, from {@code offset} on; each comes once and in order. */
        void data(int slot, int offset, MemorySegment from, long at, int length);

        /**
         * A command has ended.
         *
         * @param status as in {@link Status}
         * @param result dwords 0 and 1
         */
        void ended(int slot, int status, long result);

        /** The connection is gone. */
        void lost(String why);
    }

    /**
     * What is connected to.
     *
     * @param entries of the submission queue
     * @param controllerId {@link Fabrics#CNTLID_DYNAMIC} for an admin queue
     */
    record Terms(RemoteNamespace namespace, Portal portal, int queueId, int entries, int controllerId) {}

    /** Least that a controller may limit H2CData to, in bytes. */
    static final int H2C_DATA_MIN = 4096;

    /** What {@link #take} answers when all are in use. */
    static final int NONE = -1;

    /** Data that every controller takes in capsules of its admin queue. */
    static final int ADMIN_IN_CAPSULE_BYTES = 8192;

    /**
     * How long a connection that was used is looked at on every pass, without waiting for the kernel to say that there is
     * something.
     */
    private static final long HOT_NS = 50_000;

    private static final int CID_SLOT_MASK = 0xff;
    /** More than one connection's own PDUs. */
    private static final int CONTROL_PIECES = 4;

    // Within a completion queue entry.
    private static final int CQE_CID = 12;
    private static final int CQE_STATUS = 14;

    private enum State {
        REACHING,
        GREETING,
        CONNECTING,
        SERVING,
        CLOSED
    }

    private final Terms terms;
    private final Owner owner;
    private final SlotMemory memory;
    private final MemorySegment segment;
    private final Inbox inbox;
    private final SlotTable slots;
    private final HostPdus pdus;
    private final TcpSocket socket;
    private final @Nullable Watch watch;
    private State state = State.REACHING;
    private SendQueue outgoing = new SendQueue(CONTROL_PIECES, _ -> {});
    /** The kernel has said that there is something. */
    private boolean readable;

    private long hotUntilNs = Long.MIN_VALUE;
    private long nowNs;
    private int h2cDataMax;
    private int inCapsuleMax = ADMIN_IN_CAPSULE_BYTES;

    /**
     * Begins to connect.
     *
     * @param home where it is told of what arrives; null: it looks whenever it is polled
     * @throws NativeException when it is known at once that nobody is there
     */
    HostQueue(Terms terms, Owner owner, SlotMemory memory, Inbox inbox, @Nullable Home home) {
        this.terms = terms;
        this.owner = owner;
        this.memory = memory;
        this.inbox = inbox;
        segment = memory.segment();
        slots = new SlotTable(Math.min(memory.slots(), terms.entries() - 1));
        pdus = new HostPdus(memory, terms.namespace().options());
        inbox.clear();
        socket = TcpSocket.connect(terms.portal().address());
        watch = home == null ? null : home.watch(socket.fd(), Epoll.OUT, _ -> readable = true);
    }

    /** Data that capsules carry, in bytes. */
    void inCapsuleMax(int bytes) {
        inCapsuleMax = bytes;
    }

    boolean serving() {
        return state == State.SERVING;
    }

    boolean closed() {
        return state == State.CLOSED;
    }

    /** Slots that are free. */
    int room() {
        return state == State.SERVING ? slots.room() : 0;
    }

    int poll(long passNs) {
        nowNs = passNs;
        int work = 0;
        try {
            if (state == State.CLOSED || !due()) {
                return 0;
            }
            if (state == State.REACHING) {
                readable = false;
                if (!socket.connected()) {
                    return 0;
                }
                greet();
                work++;
            } else {
                work += receive();
            }
        } catch (ProtocolException e) {
            terminate(e);
        } catch (NativeException e) {
            lose(String.valueOf(e.getMessage()));
        }
        return work;
    }

    private boolean due() {
        return readable || watch == null || nowNs < hotUntilNs;
    }

    private int receive() {
        // Said again where more is left than is taken now, and where whoever takes it throws.
        int count = inbox.receive(socket, this);
        readable = false;
        if (count == Inbox.END) {
            lose("the target has closed the connection");
            return 1;
        }
        if (count > 0) {
            hotUntilNs = nowNs + HOT_NS;
        }
        return count > 0 ? 1 : 0;
    }

    /** Sends what the socket takes, and asks to be told when it takes more. */
    void flush() {
        if (state == State.CLOSED || outgoing.isEmpty()) {
            return;
        }
        try {
            if (!outgoing.flush(socket)) {
                lose("the target is gone");
                return;
            }
        } catch (NativeException e) {
            lose(String.valueOf(e.getMessage()));
            return;
        }
        hotUntilNs = nowNs + HOT_NS;
        if (watch != null) {
            watch.events(outgoing.isEmpty() ? Epoll.IN : Epoll.IN | Epoll.OUT);
        }
    }

    /** There is something to do without anything arriving. */
    boolean busy() {
        return state != State.CLOSED && readable;
    }

    private void greet() {
        state = State.GREETING;
        if (watch != null) {
            watch.events(Epoll.IN);
        }
        pdus.greeting();
        outgoing.add(segment, memory.control(), Pdu.IC_BYTES, SendQueue.NOBODY);
        flush();
    }

    @Override
    public void pdu(MemorySegment from, long at, int type, long dataAt, int dataBytes) {
        if (type == Pdu.C2H_TERM_REQ) {
            lose("the target ends the connection, fatal error status 0x%x"
                    .formatted(Pdu.shortAt(from, at + Pdu.TERM_FES)));
        } else if ((type == Pdu.IC_RESP) != (state == State.GREETING)) {
            throw new ProtocolException(Pdu.FES_SEQUENCE, 0, "PDU of type 0x%02x now".formatted(type));
        } else {
            switch (type) {
                case Pdu.IC_RESP -> greeted(from, at);
                case Pdu.CAPSULE_RESP -> response(from, at + Pdu.COMMON_BYTES);
                case Pdu.C2H_DATA -> data(from, at, dataAt, dataBytes);
                default -> readyToTransfer(from, at);
            }
        }
    }

    private void greeted(MemorySegment from, long at) {
        int format = Pdu.shortAt(from, at + Pdu.IC_PFV);
        int units = from.get(ValueLayout.JAVA_BYTE, at + Pdu.IC_DATA_ALIGNMENT) & 0xff;
        int digests = from.get(ValueLayout.JAVA_BYTE, at + Pdu.IC_DIGESTS) & 3;
        long limit = Pdu.intAt(from, at + Pdu.IC_LIMIT);
        if (format != 0) {
            throw new ProtocolException(Pdu.FES_UNSUPPORTED, Pdu.IC_PFV, "PDU format %d".formatted(format));
        }
        if (units > Pdu.IC_DATA_ALIGNMENT_MAX) {
            throw ProtocolException.field(Pdu.IC_DATA_ALIGNMENT, "alignment %d".formatted(units));
        }
        if (limit < H2C_DATA_MIN) {
            throw ProtocolException.field(Pdu.IC_LIMIT, "at most %d bytes of data in a PDU".formatted(limit));
        }
        if (digests != pdus.digests()) {
            throw ProtocolException.field(Pdu.IC_DIGESTS, "the target does other digests than it was asked for");
        }
        pdus.alignment((units + 1) * Integer.BYTES);
        h2cDataMax = (int) Math.min(limit & -Integer.BYTES, memory.dataMax());
        inbox.digests((digests & Pdu.IC_HEADER_DIGEST) != 0, (digests & Pdu.IC_DATA_DIGEST) != 0);
        int perCommand = (memory.dataMax() + h2cDataMax - 1) / h2cDataMax * 3;
        outgoing = new SendQueue(slots.count() * perCommand + CONTROL_PIECES, slots::sent);
        state = State.CONNECTING;
        connect();
    }

    private void connect() {
        int slot = take();
        begin(slot, AdminOpcode.FABRICS, Fabrics.CONNECT);
        pdus.connect(slot, terms);
        submit(slot, Fabrics.CONNECT_DATA_BYTES, 0);
        flush();
    }

    /** A slot for a command, or {@link #NONE}. */
    int take() {
        return slots.take();
    }

    /** A slot was taken, but there will be no command. */
    void giveBack(int slot) {
        slots.giveBack(slot);
    }

    /** Where a command's data is, which it sends. */
    long data(int slot) {
        return memory.data(slot);
    }

    /**
     * Begins an entry: all zero but for these.
     *
     * @param nsid or, of a fabrics command, its type
     * @return where the entry is
     */
    long begin(int slot, int opcode, int nsid) {
        return pdus.begin(slot, opcode, nsid);
    }

    /**
     * Sends a command with the next {@link #flush}.
     *
     * @param outBytes that lie at {@link #data} and go to the controller
     * @param inBytes that come from it
     */
    void submit(int slot, int outBytes, int inBytes) {
        boolean inCapsule = outBytes > 0 && (state == State.CONNECTING || outBytes <= inCapsuleMax);
        slots.begin(slot, outBytes, inBytes, inCapsule);
        int bytes = pdus.capsule(slot, slots.id(slot), outBytes, inBytes, inCapsule);
        add(pdus.capsuleAt(slot), bytes, slot);
    }

    /** The slot of an outstanding command. */
    private int slot(int id, int field) {
        int slot = id & CID_SLOT_MASK;
        if (!slots.outstanding(slot, id)) {
            throw ProtocolException.field(field, "no command 0x%04x is outstanding".formatted(id));
        }
        return slot;
    }

    private void response(MemorySegment from, long entry) {
        int slot = slot(Pdu.shortAt(from, entry + CQE_CID), Pdu.COMMON_BYTES + CQE_CID);
        int status = Pdu.shortAt(from, entry + CQE_STATUS) >>> 1;
        ended(slot, status, from.get(ValueLayout.JAVA_LONG_UNALIGNED, entry));
    }

    private void ended(int slot, int status, long result) {
        if (Status.typeAndCode(status) == Status.SUCCESS && !slots.complete(slot)) {
            throw new ProtocolException(Pdu.FES_SEQUENCE, 0, "a command is said to be done whose data is not");
        }
        slots.end(slot);
        if (state == State.SERVING) {
            owner.ended(slot, status, result);
        } else if (Status.typeAndCode(status) == Status.SUCCESS && (result & Fabrics.AUTHENTICATION_REQUESTS) != 0) {
            lose(ConnectRefusal.authentication(terms));
        } else if (Status.typeAndCode(status) == Status.SUCCESS) {
            state = State.SERVING;
            owner.connected((int) result & 0xffff);
        } else {
            lose(ConnectRefusal.words(terms, status, (int) result));
        }
    }

    private void data(MemorySegment from, long at, long dataAt, int dataBytes) {
        int slot = slot(Pdu.shortAt(from, at + Pdu.DATA_CCCID), Pdu.DATA_CCCID);
        long offset = Pdu.intAt(from, at + Pdu.DATA_OFFSET);
        if (dataBytes == 0 || Pdu.intAt(from, at + Pdu.DATA_LENGTH) != dataBytes) {
            throw ProtocolException.field(Pdu.DATA_LENGTH, "%d bytes of data".formatted(dataBytes));
        }
        int flags = Pdu.flags(from, at);
        boolean last = (flags & Pdu.FLAG_LAST) != 0;
        if (!slots.receive(slot, offset, dataBytes) || (flags & Pdu.FLAG_SUCCESS) != 0 && !last) {
            throw new ProtocolException(
                    Pdu.FES_DATA_RANGE, Pdu.DATA_OFFSET, "%d bytes of data at %d".formatted(dataBytes, offset));
        }
        try {
            owner.data(slot, (int) offset, from, dataAt, dataBytes);
        } finally {
            // Also when the data could not be taken: there will be no other answer.
            if ((flags & Pdu.FLAG_SUCCESS) != 0) {
                ended(slot, Status.SUCCESS, 0);
            }
        }
    }

    private void readyToTransfer(MemorySegment from, long at) {
        int id = Pdu.shortAt(from, at + Pdu.DATA_CCCID);
        int slot = slot(id, Pdu.DATA_CCCID);
        int tag = Pdu.shortAt(from, at + Pdu.DATA_TTAG);
        long offset = Pdu.intAt(from, at + Pdu.DATA_OFFSET);
        long length = Pdu.intAt(from, at + Pdu.DATA_LENGTH);
        if (!slots.ask(slot, offset, length)) {
            throw new ProtocolException(
                    Pdu.FES_DATA_RANGE, Pdu.DATA_OFFSET, "%d bytes from %d are asked for".formatted(length, offset));
        }
        int end = (int) (offset + length);
        int index = 0;
        for (int position = (int) offset; position < end; index++) {
            int part = Math.min(h2cDataMax, end - position);
            sendData(slot, index, id | tag << 16, position, part, position + part == end);
            position += part;
        }
    }

    private void sendData(int slot, int index, int ids, int position, int bytes, boolean last) {
        long header = memory.header(slot, index);
        add(header, pdus.data(slot, index, ids, position, bytes, last), slot);
        add(memory.data(slot) + position, bytes, slot);
        if (terms.namespace().options().dataDigests()) {
            add(header + SlotMemory.DATA_DIGEST, Pdu.DIGEST_BYTES, slot);
        }
    }

    private void add(long at, int bytes, int slot) {
        outgoing.add(segment, at, bytes, slot);
        slots.queued(slot);
    }

    /** The target broke the protocol: says how, as far as the socket takes it at once. */
    private void terminate(ProtocolException e) {
        if (state == State.CLOSED) {
            return;
        }
        if (outgoing.isEmpty()) {
            pdus.termination(e);
            outgoing.add(segment, memory.control(), Pdu.TERM_REQ_BYTES, SendQueue.NOBODY);
            flush();
        }
        lose("the target breaks the protocol: " + e.getMessage());
    }

    private void lose(String why) {
        if (state != State.CLOSED) {
            abandon();
            owner.lost(why);
        }
    }

    /** Ends without a word; what parses for it stops. */
    void close() {
        if (end()) {
            socket.close();
        }
    }

    /**
     * The same, and what the kernel has still to send stays unsent: a command that arrives later would be carried out, and
     * would keep alive a controller that is taken for dead.
     */
    void abandon() {
        if (end()) {
            socket.abandon();
        }
    }

    /** @return whether it was open until now */
    private boolean end() {
        if (state == State.CLOSED) {
            return false;
        }
        state = State.CLOSED;
        inbox.clear();
        if (watch != null) {
            watch.close();
        }
        return true;
    }
}
