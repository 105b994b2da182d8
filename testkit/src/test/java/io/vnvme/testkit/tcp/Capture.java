package io.vnvme.testkit.tcp;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What went over NVMe/TCP connections, as a file of the pcap format that any analyser reads: each PDU in TCP segments of its own,
 * between two addresses of documentation. No packet was ever like that on a wire, but for what TCP carries.
 */
final class Capture implements CuttingProxy.Tap, AutoCloseable {
    private static final int PCAP_MAGIC = 0xa1b2c3d4;
    private static final int LINK_RAW_IP = 101;
    private static final int PORT = 4420;
    private static final int FIRST_HOST_PORT = 50_000;
    private static final int IP_BYTES = 20;
    private static final int TCP_BYTES = 20;
    private static final int SEGMENT_MAX = 32 << 10;
    private static final byte[] HOST = {(byte) 192, 0, 2, 1};
    private static final byte[] TARGET = {(byte) 192, 0, 2, 2};
    private static final int ACK = 0x10;
    private static final int PUSH = 0x08;
    private static final int SYN = 0x02;

    private final OutputStream out;
    /** Bytes that each end of a connection has sent. */
    private final Map<Integer, int[]> sent = new HashMap<>();

    private long microseconds;

    Capture(Path file) throws IOException {
        out = Files.newOutputStream(file);
        ByteBuffer header = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(PCAP_MAGIC).putShort((short) 2).putShort((short) 4).putLong(0);
        header.putInt(1 << 18).putInt(LINK_RAW_IP);
        out.write(header.array());
    }

    @Override
    public synchronized void passed(int connection, boolean fromHost, byte[] pdu) {
        int[] counts = sent.computeIfAbsent(connection, this::begun);
        for (int at = 0; at < pdu.length; at += SEGMENT_MAX) {
            int bytes = Math.min(SEGMENT_MAX, pdu.length - at);
            packet(connection, fromHost, counts, PUSH | ACK, ByteBuffer.wrap(pdu, at, bytes));
        }
    }

    private int[] begun(int connection) {
        int[] counts = {0, 0};
        packet(connection, true, counts, SYN, ByteBuffer.allocate(0));
        packet(connection, false, counts, SYN | ACK, ByteBuffer.allocate(0));
        return counts;
    }

    private void packet(int connection, boolean fromHost, int[] counts, int flags, ByteBuffer data) {
        int mine = fromHost ? 0 : 1;
        int bytes = IP_BYTES + TCP_BYTES + data.remaining();
        ByteBuffer record = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        microseconds++;
        record.putInt((int) (microseconds / 1_000_000)).putInt((int) (microseconds % 1_000_000));
        record.putInt(bytes).putInt(bytes);
        ByteBuffer packet = ByteBuffer.allocate(bytes);
        packet.put((byte) 0x45).put((byte) 0).putShort((short) bytes).putInt(0);
        packet.put((byte) 64).put((byte) 6).putShort((short) 0);
        packet.put(fromHost ? HOST : TARGET).put(fromHost ? TARGET : HOST);
        int hostPort = FIRST_HOST_PORT + connection;
        packet.putShort((short) (fromHost ? hostPort : PORT)).putShort((short) (fromHost ? PORT : hostPort));
        packet.putInt(counts[mine]).putInt(counts[1 - mine]);
        packet.put((byte) (TCP_BYTES / 4 << 4))
                .put((byte) flags)
                .putShort((short) 0xffff)
                .putInt(0);
        counts[mine] += (flags & SYN) != 0 ? 1 : data.remaining();
        packet.put(data);
        try {
            out.write(record.array());
            out.write(packet.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        out.close();
    }
}
