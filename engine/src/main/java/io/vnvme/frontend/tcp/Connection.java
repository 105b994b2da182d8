package io.vnvme.frontend.tcp;

import io.vnvme.crypto.CryptoException;
import io.vnvme.fabrics.tls.TlsException;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Digest;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.os.ByteStream;
import io.vnvme.os.Epoll;
import io.vnvme.os.SendQueue;
import io.vnvme.os.TcpSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Watch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection, which carries one queue pair: first greetings and Connect, at the reception; then the queue's capsules and
 * data, on the reactor of its controller.
 *
 * <p>Whatever goes wrong here - the host's doing or a defect of ours - ends this connection, and its association if it was the
 * admin queue's.
 */
final class Connection implements PduReader.Sink {
    /** PDUs of the connection's own that may wait to be sent. */
    static final int CONTROL_PDUS = 4;

    /**
     * How long a connection that data came from is looked at on every pass, without waiting for the kernel to say that there is
     * more: a host that answers at once does within a round trip.
     */
    private static final long HOT_NS = 50_000;

    // Where the connection's own PDUs are put together, and what Connect brings.
    private static final int ANSWER_AT = 0;
    private static final int TERM_AT = 256;
    private static final int CAPSULE_AT = 512;
    private static final int CONNECT_DATA_AT = 1024;
    private static final int CONTROL_BYTES = CONNECT_DATA_AT + Fabrics.CONNECT_DATA_BYTES;

    private enum State {
        ARRIVING,
        GREETING,
        CONNECTING,
        SERVING,
        CLOSED
    }

    private final TcpTarget target;
    private final TcpSocket socket;
    private final ListeningPort port;
    private final String peer;
    private final PduReader reader = new PduReader(this);
    private final MemorySegment control = Arena.ofAuto().allocate(CONTROL_BYTES, Long.BYTES);
    private final Digest controlDigest = new Digest(control);
    private final Arrival arrival;
    private State state = State.ARRIVING;
    private ByteStream stream;
    private SendQueue outgoing = new SendQueue(CONTROL_PDUS, _ -> {});
    private Agreement agreement = new Agreement(false, false, Integer.BYTES);
    private @Nullable Watch watch;
    private @Nullable Association association;
    private @Nullable QueuePair queue;
    /** What the host wants: the reception goes on with it when all else of the pass is done. */
    private @Nullable ConnectRequest request;

    private long hotUntilNs = Long.MIN_VALUE;
    /** Why it ends when what is to be sent has been; empty: it goes on. */
    private String endsWhenSent = "";

    Connection(TcpTarget target, TcpSocket socket, ListeningPort port, String peer) {
        this.target = target;
        this.socket = socket;
        this.stream = socket;
        this.arrival = new Arrival(target, socket);
        this.port = port;
        this.peer = peer;
    }

    String peer() {
        return peer;
    }

    /** Where it came in. */
    ListeningPort port() {
        return port;
    }

    TcpSocket socket() {
        return socket;
    }

    Agreement agreement() {
        return agreement;
    }

    boolean closed() {
        return state == State.CLOSED;
    }

    @Nullable
    QueuePair queue() {
        return queue;
    }

    /** On the thread of {@code home}: what arrives is taken there from now on. */
    void watchAt(Home home) {
        watch = home.watch(socket.fd(), Epoll.IN, this::ready);
    }

    /** Leaves the reception: nothing is taken until {@link #serve}. */
    void leaveReception() {
        Watch current = watch;
        if (current != null) {
            current.close();
            watch = null;
        }
    }

    /** On the association's reactor: carries this queue from now on, and says so to the host. */
    void serve(Association owner, QueuePair carried, Home home, ConnectRequest served) {
        if (!outgoing.isEmpty()) {
            // What was said before has to be out before another queue of PDUs is sent from.
            throw new IllegalStateException("the host does not read");
        }
        association = owner;
        queue = carried;
        outgoing = carried.outgoing();
        state = State.SERVING;
        watchAt(home);
        carried.connected(served.commandId(), owner.controllerId());
        flush();
        taking(reader::resume);
    }

    private void ready(int events) {
        if (state == State.ARRIVING && !arrived()) {
            return;
        }
        receive();
        flush();
        ConnectRequest asked = request;
        if (asked != null && state != State.CLOSED) {
            request = null;
            try {
                // With this it may be another thread's already: nothing of it is touched behind.
                target.connect(this, asked);
            } catch (ConnectRefused e) {
                refuse(e);
            }
        }
    }

    /** @return whether it is known what PDUs come by */
    private boolean arrived() {
        try {
            ByteStream known = arrival.poll();
            Watch current = watch;
            if (known != null) {
                stream = known;
                state = State.GREETING;
            } else if (current != null) {
                current.events(arrival.events());
            }
            return known != null;
        } catch (TlsException | CryptoException e) {
            String why = String.valueOf(e.getMessage());
            arrival.peer()
                    .ifPresentOrElse(
                            of -> target.refused(of.subsystemNqn(), of.hostNqn(), peer, why),
                            () -> target.dropped(peer, why));
            lost(why);
        } catch (RuntimeException e) {
            failed(e);
        }
        return false;
    }

    /** Whether what is sent cannot be read on the way. */
    boolean encrypted() {
        return stream != socket;
    }

    /** Whether the key that it came with, if it did, is that of this host and for this subsystem. */
    boolean mayBe(String hostNqn, String subsystemNqn) {
        return !encrypted()
                || arrival.peer()
                        .filter(new TlsPeer(hostNqn, subsystemNqn)::equals)
                        .isPresent();
    }

    /** Whether something has come that the kernel will not tell of. */
    boolean holds() {
        return stream.holds();
    }

    /** Takes what has arrived. @return bytes */
    int receive() {
        if (state == State.CLOSED) {
            return 0;
        }
        try {
            int count = reader.receive(stream);
            if (count == PduReader.END) {
                lost("closed by the host");
                return 1;
            }
            Association serving = association;
            if (count > 0 && serving != null) {
                hotUntilNs = serving.nowNs() + HOT_NS;
            }
            return count;
        } catch (PduException e) {
            terminate(e);
        } catch (RuntimeException e) {
            failed(e);
        }
        return 1;
    }

    private void taking(Runnable action) {
        try {
            action.run();
        } catch (PduException e) {
            terminate(e);
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    boolean hot(long nowNs) {
        return nowNs - hotUntilNs < 0 || stream.holds();
    }

    /** Sends what the socket takes, and asks to be told when it takes more. */
    void flush() {
        if (state == State.CLOSED) {
            return;
        }
        try {
            if (!outgoing.flush(stream)) {
                lost("closed by the host");
                return;
            }
        } catch (RuntimeException e) {
            failed(e);
            return;
        }
        Watch current = watch;
        if (current != null) {
            current.events(outgoing.isEmpty() ? Epoll.IN : Epoll.IN | Epoll.OUT);
        }
        if (ending() && outgoing.isEmpty()) {
            lost(endsWhenSent);
        }
    }

    /** Ends when what is to be sent has been. */
    void endWhenSent(String reason) {
        endsWhenSent = reason;
    }

    boolean ending() {
        return !endsWhenSent.isEmpty();
    }

    @Override
    public void header(MemorySegment memory, long at, int dataBytes) {
        int type = Pdu.type(memory, at);
        if (type == Pdu.H2C_TERM_REQ) {
            int status = Pdu.shortAt(memory, at + Pdu.TERM_FES);
            lost("terminated by the host, status 0x%x".formatted(status));
            return;
        }
        QueuePair carried = queue;
        int expected = state == State.GREETING ? Pdu.IC_REQ : Pdu.CAPSULE_CMD;
        if (type == expected && carried != null) {
            carried.intake().command(memory, at, dataBytes, reader);
        } else if (type == Pdu.H2C_DATA && carried != null) {
            carried.intake().data(memory, at, dataBytes, reader);
        } else if (type != expected) {
            throw new PduException(Pdu.FES_SEQUENCE, 0, "PDU of type 0x%02x now".formatted(type));
        } else if (type == Pdu.IC_REQ) {
            greet(memory, at);
        } else {
            connect(memory, at, dataBytes);
        }
    }

    @Override
    public void data(boolean intact) {
        QueuePair carried = queue;
        if (carried != null) {
            carried.intake().received(intact);
            return;
        }
        try {
            if (!intact) {
                throw new ConnectRefused(Status.TRANSIENT_TRANSPORT_ERROR, 0, "data digest");
            }
            request = ConnectRequest.decode(control, CAPSULE_AT, CONNECT_DATA_AT);
            reader.halt();
        } catch (ConnectRefused e) {
            refuse(e);
        }
    }

    private void greet(MemorySegment memory, long at) {
        int format = Pdu.shortAt(memory, at + Pdu.IC_PFV);
        if (format != 0) {
            throw new PduException(Pdu.FES_UNSUPPORTED, Pdu.IC_PFV, "PDU format %d".formatted(format));
        }
        int alignment = memory.get(ValueLayout.JAVA_BYTE, at + Pdu.IC_DATA_ALIGNMENT) & 0xff;
        if (alignment > Pdu.IC_DATA_ALIGNMENT_MAX) {
            throw PduException.field(Pdu.IC_DATA_ALIGNMENT, "alignment %d".formatted(alignment));
        }
        int digests = memory.get(ValueLayout.JAVA_BYTE, at + Pdu.IC_DIGESTS) & 3;
        agreement = new Agreement(
                (digests & Pdu.IC_HEADER_DIGEST) != 0,
                (digests & Pdu.IC_DATA_DIGEST) != 0,
                (alignment + 1) * Integer.BYTES);
        reader.digests(agreement.headerDigests(), agreement.dataDigests());
        Pdu.common(control, ANSWER_AT, Pdu.IC_RESP, 0, Pdu.IC_BYTES, 0, Pdu.IC_BYTES);
        control.asSlice(ANSWER_AT + Pdu.COMMON_BYTES, Pdu.IC_BYTES - Pdu.COMMON_BYTES)
                .fill((byte) 0);
        // Data may follow its header without a gap: alignment 0, format 0.
        control.set(ValueLayout.JAVA_BYTE, ANSWER_AT + Pdu.IC_DIGESTS, (byte) digests);
        control.set(ValueLayout.JAVA_INT, ANSWER_AT + Pdu.IC_LIMIT, Limits.H2C_DATA_MAX);
        outgoing.add(control, ANSWER_AT, Pdu.IC_BYTES, SendQueue.NOBODY);
        state = State.CONNECTING;
    }

    private void connect(MemorySegment memory, long at, int dataBytes) {
        MemorySegment.copy(memory, at + Pdu.COMMON_BYTES, control, CAPSULE_AT, Sqe.SIZE);
        boolean connect = Sqe.opcode(control, CAPSULE_AT) == AdminOpcode.FABRICS
                && control.get(ValueLayout.JAVA_BYTE, CAPSULE_AT + Fabrics.FCTYPE) == Fabrics.CONNECT;
        if (!connect) {
            refuse(new ConnectRefused(Status.COMMAND_SEQUENCE_ERROR, 0, "a command before Connect"));
        } else if (dataBytes != Fabrics.CONNECT_DATA_BYTES) {
            refuse(new ConnectRefused(
                    Status.SGL_LENGTH_INVALID, 0, "Connect with %d bytes of data".formatted(dataBytes)));
        } else {
            reader.dataGoesTo(control, CONNECT_DATA_AT, controlDigest);
        }
    }

    /** Answers Connect by an error, and lets the host go. On whichever reactor it is at. */
    void refuse(ConnectRefused refused) {
        Responses responses = new Responses(control, controlDigest, agreement);
        int hostId = Sqe.cid(control, CAPSULE_AT);
        // Behind what may still wait to be sent.
        long at = ANSWER_AT + Pdu.IC_BYTES;
        long end = responses.response(at, refused.result() & 0xffff_ffffL, 0, 0, hostId, refused.status());
        outgoing.add(control, at, (int) (end - at), SendQueue.NOBODY);
        target.turnedAway(peer, String.valueOf(refused.getMessage()));
        farewell();
    }

    /** The host broke the protocol: says how, and lets it go. */
    private void terminate(PduException e) {
        if (state == State.CLOSED) {
            return;
        }
        target.dropped(peer, String.valueOf(e.getMessage()));
        int repeated = reader.refusedBytes();
        control.asSlice(TERM_AT, Pdu.TERM_REQ_BYTES).fill((byte) 0);
        int bytes = Pdu.TERM_REQ_BYTES + repeated;
        Pdu.common(control, TERM_AT, Pdu.C2H_TERM_REQ, 0, Pdu.TERM_REQ_BYTES, 0, bytes);
        control.set(ValueLayout.JAVA_SHORT, TERM_AT + Pdu.TERM_FES, (short) e.status());
        control.set(ValueLayout.JAVA_INT_UNALIGNED, TERM_AT + Pdu.TERM_FEI, e.information());
        reader.copyRefused(control, TERM_AT + Pdu.TERM_REQ_BYTES, repeated);
        outgoing.add(control, TERM_AT, bytes, SendQueue.NOBODY);
        farewell();
    }

    /** Sends what the socket takes at once. The host then has some time to read it, and to close its end. */
    private void farewell() {
        boolean there = false;
        try {
            there = outgoing.flush(stream) && outgoing.isEmpty();
        } catch (RuntimeException e) {
            target.report(e);
        }
        release();
        if (there) {
            target.farewell(socket);
        } else {
            socket.close();
        }
        gone("protocol error");
    }

    private void failed(RuntimeException e) {
        if (state != State.CLOSED) {
            target.report(e);
            lost(e.toString());
        }
    }

    private void lost(String reason) {
        if (state != State.CLOSED) {
            close();
            gone(reason);
        }
    }

    private void gone(String reason) {
        Association serving = association;
        if (serving != null) {
            serving.lost(this, reason);
        } else {
            target.newcomerGone(this);
        }
    }

    /** Ends without a word. */
    void close() {
        if (state != State.CLOSED) {
            release();
            socket.close();
        }
    }

    private void release() {
        state = State.CLOSED;
        Watch current = watch;
        if (current != null) {
            current.close();
            watch = null;
        }
        reader.close(target.reclaimer());
        arrival.close();
    }
}
