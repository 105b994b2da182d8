package io.vnvme.drive.nvmetcp;

import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.fabrics.tls.TlsException;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.nvme.wire.Status;
import io.vnvme.os.NativeException;
import io.vnvme.reactor.Home;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A queue pair of a remote controller, which is one connection: reached, greeted, connected and authenticated without waiting
 * anywhere, then commands by slots.
 *
 * <p>Whatever goes wrong - the network, a target that breaks the protocol - ends it once, by {@link Owner#lost}; nobody hears of
 * the commands that were outstanding then.
 */
final class HostQueue implements Inbox.Sink {
    /** Whose queue it is. Called in {@link #poll} and {@link #flush}. */
    interface Owner {
        /** Connect has succeeded, and each end knows who the other is: commands may be sent. */
        void connected(int controllerId);

        /** On the way there, and not stuck. */
        void progress();

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
     * @param keys by which each end shows who it is
     * @param tls under which identity; null: in the clear
     */
    record Terms(
            RemoteNamespace namespace,
            Portal portal,
            int queueId,
            int entries,
            int controllerId,
            TargetKeys keys,
            @Nullable TlsChoice tls) {}

    /** What {@link #take} answers when all are in use. */
    static final int NONE = -1;

    /** Data that every controller takes in capsules of its admin queue. */
    static final int ADMIN_IN_CAPSULE_BYTES = 8192;

    private static final int CID_SLOT_MASK = 0xff;

    // Within a completion queue entry.
    private static final int CQE_CID = 12;
    private static final int CQE_STATUS = 14;

    private enum State {
        REACHING,
        GREETING,
        CONNECTING,
        AUTHENTICATING,
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
    private final HostSender sender;
    private final HostStream stream;
    private final @Nullable Home home;
    private @Nullable HostAuthentication authentication;
    private int controllerId;
    private boolean violated;
    private State state = State.REACHING;
    private int inCapsuleMax = ADMIN_IN_CAPSULE_BYTES;

    /**
     * Begins to connect.
     *
     * @param home where it is told of what arrives; null: it looks whenever it is polled
     * @throws NativeException when it is known at once that nobody is there
     * @throws io.vnvme.crypto.CryptoException when there is no TLS on this host
     * @throws RemoteException when there is no key for TLS
     */
    HostQueue(Terms terms, Owner owner, SlotMemory memory, Inbox inbox, @Nullable Home home) {
        this.terms = terms;
        this.owner = owner;
        this.memory = memory;
        this.inbox = inbox;
        segment = memory.segment();
        slots = new SlotTable(Math.min(memory.slots(), terms.entries() - 1));
        pdus = new HostPdus(memory, terms.namespace().options());
        sender = new HostSender(memory, slots, pdus, terms.namespace().options());
        inbox.clear();
        this.home = home;
        TlsChoice tls = terms.tls();
        stream = new HostStream(
                terms.portal().address(),
                tls == null
                        ? null
                        : tls.context(
                                terms.keys().tls().orElseThrow(() -> new RemoteException(ConnectRefusal.NO_TLS_KEY))),
                home);
    }

    /** Data that capsules carry, in bytes. */
    void inCapsuleMax(int bytes) {
        inCapsuleMax = bytes;
    }

    boolean serving() {
        return state == State.SERVING;
    }

    /** Whether it ended since the target broke the protocol. */
    boolean violated() {
        return violated;
    }

    boolean closed() {
        return state == State.CLOSED;
    }

    /** Slots that are free. */
    int room() {
        return state == State.SERVING ? slots.room() : 0;
    }

    int poll(long passNs) {
        int work = 0;
        try {
            HostAuthentication showing = authentication;
            if (showing != null && state != State.CLOSED) {
                work += showing.poll() ? 1 : 0;
                if (showing.computing()) {
                    return work;
                }
            }
            if (state == State.CLOSED || !stream.due(passNs)) {
                return work;
            }
            if (state == State.REACHING) {
                work += reach() ? 1 : 0;
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

    private boolean reach() {
        TlsChoice tls = terms.tls();
        try {
            if (!stream.reach()) {
                return false;
            }
        } catch (TlsException e) {
            if (tls != null) {
                tls.refused();
            }
            lose(ConnectRefusal.tls(terms, e));
            return true;
        }
        if (tls != null) {
            tls.accepted();
        }
        greet();
        return true;
    }

    private int receive() {
        int count = stream.receive(inbox, this);
        if (count == Inbox.END) {
            lose("the target has closed the connection", true);
            return 1;
        }
        return count > 0 ? 1 : 0;
    }

    /** Sends what the socket takes, and asks to be told when it takes more. */
    void flush() {
        if (state == State.CLOSED || sender.outgoing().isEmpty()) {
            return;
        }
        try {
            if (!stream.flush(sender.outgoing())) {
                lose("the target is gone", true);
            }
        } catch (NativeException e) {
            lose(String.valueOf(e.getMessage()));
        }
    }

    /** There is something to do without anything arriving. */
    boolean busy() {
        HostAuthentication showing = authentication;
        if (state == State.CLOSED || showing == null) {
            return state != State.CLOSED && stream.readable();
        }
        return showing.ready() || stream.readable() && !showing.computing();
    }

    private void greet() {
        state = State.GREETING;
        sender.greet();
        flush();
    }

    @Override
    public void pdu(MemorySegment from, long at, int type, long dataAt, int dataBytes, boolean intact) {
        if (type == Pdu.C2H_TERM_REQ) {
            lose("the target ends the connection, fatal error status 0x%x"
                    .formatted(Pdu.shortAt(from, at + Pdu.TERM_FES)));
        } else if ((type == Pdu.IC_RESP) != (state == State.GREETING)) {
            throw new ProtocolException(Pdu.FES_SEQUENCE, 0, "PDU of type 0x%02x now".formatted(type));
        } else {
            switch (type) {
                case Pdu.IC_RESP -> greeted(from, at);
                case Pdu.CAPSULE_RESP -> response(from, at + Pdu.COMMON_BYTES);
                case Pdu.C2H_DATA -> data(from, at, dataAt, dataBytes, intact);
                default -> readyToTransfer(from, at);
            }
        }
    }

    private void greeted(MemorySegment from, long at) {
        int digests = sender.agreed(from, at);
        inbox.digests((digests & Pdu.IC_HEADER_DIGEST) != 0, (digests & Pdu.IC_DATA_DIGEST) != 0);
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
        boolean inCapsule = outBytes > 0 && (state != State.SERVING || outBytes <= inCapsuleMax);
        slots.begin(slot, outBytes, inBytes, inCapsule);
        sender.capsule(slot, outBytes, inBytes, inCapsule);
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

    private void ended(int slot, int said, long result) {
        boolean succeeded = Status.typeAndCode(said) == Status.SUCCESS;
        if (succeeded && !slots.complete(slot)) {
            throw new ProtocolException(Pdu.FES_SEQUENCE, 0, "a command is said to be done whose data is not");
        }
        int status = succeeded && slots.damaged(slot) ? Status.TRANSIENT_TRANSPORT_ERROR : said;
        slots.end(slot);
        HostAuthentication showing = authentication;
        if (state == State.SERVING) {
            owner.ended(slot, status, result);
        } else if (showing != null) {
            owner.progress();
            showing.ended(slot, status);
        } else if (Status.typeAndCode(status) == Status.SUCCESS) {
            controllerId = (int) result & 0xffff;
            admitted((int) result);
        } else {
            lose(ConnectRefusal.words(terms, status, (int) result));
        }
    }

    /** Connect has succeeded. Whoever has a key of the controller's asks for it, whatever that asks for. */
    private void admitted(int result) {
        Optional<Credentials> chap = terms.keys().chap();
        boolean asked = (result & Fabrics.AUTHENTICATION_REQUIRED) != 0;
        if ((result & Fabrics.AUTHENTICATION_REQUESTS) > Fabrics.AUTHENTICATION_REQUIRED) {
            lose(ConnectRefusal.CONCATENATION);
        } else if (asked && chap.isEmpty()) {
            lose(ConnectRefusal.authentication(terms));
        } else if (chap.isPresent() && (asked || chap.get().controllerKey().isPresent())) {
            state = State.AUTHENTICATING;
            HostAuthentication begun = new HostAuthentication(this, terms, chap.get(), segment, home);
            authentication = begun;
            begun.begin();
        } else {
            authenticated();
        }
    }

    /** Both ends are who they say, as far as they have to. */
    void authenticated() {
        authentication = null;
        state = State.SERVING;
        owner.connected(controllerId);
    }

    /** Data that did not arrive as it was sent fails its command, which is tried again, and nothing else. */
    private void data(MemorySegment from, long at, long dataAt, int dataBytes, boolean intact) {
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
            HostAuthentication showing = authentication;
            if (!intact) {
                slots.damage(slot);
            } else if (showing == null) {
                owner.data(slot, (int) offset, from, dataAt, dataBytes);
            } else {
                showing.data(slot, (int) offset, from, dataAt, dataBytes);
            }
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
        sender.data(slot, id | tag << 16, (int) offset, (int) length);
    }

    /** The target broke the protocol: says how, as far as the socket takes it at once. */
    private void terminate(ProtocolException e) {
        if (state == State.CLOSED) {
            return;
        }
        violated = true;
        if (sender.terminate(e)) {
            flush();
        }
        lose("the target breaks the protocol: " + e.getMessage());
    }

    /** Ends it, if it has not ended. */
    void lose(String why) {
        lose(why, false);
    }

    /** @param gone whether the target has ended it, and without a word */
    private void lose(String why, boolean gone) {
        if (state != State.CLOSED) {
            HostAuthentication showing = authentication;
            String words = showing == null ? why : showing.words(why, gone);
            abandon();
            owner.lost(words);
        }
    }

    /** Ends without a word; what parses for it stops. */
    void close() {
        if (end()) {
            stream.close();
        }
    }

    /**
     * The same, and what the kernel has still to send stays unsent: a command that arrives later would be carried out, and
     * would keep alive a controller that is taken for dead.
     */
    void abandon() {
        if (end()) {
            stream.abandon();
        }
    }

    /** @return whether it was open until now */
    private boolean end() {
        if (state == State.CLOSED) {
            return false;
        }
        state = State.CLOSED;
        inbox.clear();
        return true;
    }
}
