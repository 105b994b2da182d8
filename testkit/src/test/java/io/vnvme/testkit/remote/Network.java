package io.vnvme.testkit.remote;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** What lies between a host and a target: carries PDUs, breaks when it is told to, and can deliver late what it had then. */
final class Network implements AutoCloseable {
    private static final int COMMON_BYTES = 8;
    private static final int CAPSULE_CMD = 4;
    private static final int OPCODE_AT = 8;
    private static final long NEVER = Long.MAX_VALUE;

    /** What is done to a PDU on its way to the host. */
    @FunctionalInterface
    interface Change {
        /** @return what arrives in its place */
        byte[] apply(byte[] pdu);
    }

    private final Relay relay;
    private final AtomicLong pdusLeft = new AtomicLong(NEVER);
    private final List<Wire> wires = new CopyOnWriteArrayList<>();
    private volatile int withheldOpcode = -1;
    private volatile boolean down;
    private volatile Change change = pdu -> pdu;

    /** One connection, and what is kept back of it. */
    private static final class Wire {
        private final Socket host;
        private final Socket far;
        private final List<byte[]> withheld = new ArrayList<>();
        /** The target is not to notice that the host is gone. */
        private volatile boolean stranded;

        Wire(Socket host, Socket far) {
            this.host = host;
            this.far = far;
        }

        synchronized boolean hasWithheld() {
            return !withheld.isEmpty();
        }

        synchronized void withhold(byte[] pdu) {
            withheld.add(pdu);
        }

        synchronized void deliver() throws IOException {
            for (byte[] pdu : withheld) {
                far.getOutputStream().write(pdu);
            }
            withheld.clear();
        }
    }

    Network(InetSocketAddress target) {
        relay = new Relay(target, () -> down, this::arrived);
    }

    int port() {
        return relay.port();
    }

    /** Breaks, once, when so many more PDUs have gone over it, both ways together. */
    void cutAfter(long pdus) {
        pdusLeft.set(pdus);
    }

    /** Whether {@link #cutAfter} has come to pass. */
    boolean cut() {
        return pdusLeft.get() < 0;
    }

    /** All connections break now; others can be made unless it is {@link #down}. */
    void cutNow() {
        wires.forEach(wire -> {
            Relay.close(wire.host);
            Relay.close(wire.far);
        });
    }

    /** Whether connections that are made break at once. */
    void down(boolean isDown) {
        down = isDown;
        if (isDown) {
            cutNow();
        }
    }

    void change(Change onTheWayToTheHost) {
        change = onTheWayToTheHost;
    }

    /** From now on commands of that opcode, and all behind them, do not reach the target; negative: all do. */
    void withhold(int opcode) {
        withheldOpcode = opcode;
    }

    boolean hasWithheld() {
        return wires.stream().anyMatch(Wire::hasWithheld);
    }

    /** Connections of which something is withheld. */
    long withheldCount() {
        return wires.stream().filter(Wire::hasWithheld).count();
    }

    /** The host's end of all connections breaks; the target's stays. */
    void strand() {
        wires.forEach(wire -> {
            wire.stranded = true;
            Relay.close(wire.host);
        });
    }

    /** What was withheld arrives after all. */
    void deliver() throws IOException {
        for (Wire wire : wires) {
            wire.deliver();
        }
    }

    private void arrived(Relay by, Socket host, Socket far) {
        Wire wire = new Wire(host, far);
        wires.add(wire);
        by.start(() -> carry(wire, true));
        by.start(() -> carry(wire, false));
    }

    private void carry(Wire wire, boolean toTarget) {
        Socket from = toTarget ? wire.host : wire.far;
        Socket to = toTarget ? wire.far : wire.host;
        try {
            OutputStream out = to.getOutputStream();
            while (true) {
                byte[] pdu = next(from);
                if (pdusLeft.get() != NEVER && pdusLeft.getAndDecrement() == 0) {
                    cutNow();
                    return;
                }
                if (toTarget && (wire.hasWithheld() || withholds(pdu))) {
                    wire.withhold(pdu);
                } else {
                    out.write(toTarget ? pdu : change.apply(pdu));
                }
            }
        } catch (IOException e) {
            // One end is gone, and with it the other.
            if (!wire.stranded) {
                Relay.close(to);
            }
        }
    }

    private boolean withholds(byte[] pdu) {
        return withheldOpcode >= 0
                && pdu[0] == CAPSULE_CMD
                && pdu.length > OPCODE_AT
                && (pdu[OPCODE_AT] & 0xff) == withheldOpcode;
    }

    private static byte[] next(Socket from) throws IOException {
        byte[] common = from.getInputStream().readNBytes(COMMON_BYTES);
        if (common.length < COMMON_BYTES) {
            throw new IOException("ended");
        }
        int bytes = ByteBuffer.wrap(common).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
        byte[] rest = from.getInputStream().readNBytes(bytes - COMMON_BYTES);
        if (rest.length < bytes - COMMON_BYTES) {
            throw new IOException("ended");
        }
        return ByteBuffer.allocate(bytes).put(common).put(rest).array();
    }

    @Override
    public void close() {
        relay.close();
    }
}
