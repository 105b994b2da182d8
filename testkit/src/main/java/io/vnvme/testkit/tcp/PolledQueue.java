package io.vnvme.testkit.tcp;

import io.vnvme.nvme.wire.Sqe;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.DriverException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/** A load on one queue: so many reads or writes at random, always outstanding. Allocates nothing while it runs. */
public final class PolledQueue {
    private static final int BLOCK = 512;
    private static final int IN_BYTES = 4 << 20;
    private static final int LATENCY_UNIT_NS = 100;
    private static final int LATENCIES = 100_000;
    private static final int CAPSULE = 8;

    private final SocketChannel channel;
    private final boolean digests;
    private final int bytes;
    private final int depth;
    private final long places;
    private final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer out;
    private final ByteBuffer template;
    private final int templateBytes;
    private final long[] sentNs;
    private final long[] latencies = new long[LATENCIES];
    private final SplittableRandom random = new SplittableRandom(1);
    private final CRC32C crc = new CRC32C();
    private int outstanding;
    private long completed;

    PolledQueue(HostQueue queue, HostOptions options, int depth, int bytes, boolean writes, long driveBytes) {
        channel = queue.channel().detach();
        digests = options.dataDigests();
        if (options.headerDigests() || writes && digests) {
            throw new IllegalArgumentException("no header digests, and data digests of reads alone");
        }
        this.depth = depth;
        this.bytes = bytes;
        places = driveBytes / bytes;
        Command command = writes ? Command.write(1, 0, bytes / BLOCK) : Command.read(1, 0, bytes / BLOCK);
        command.data(0, bytes | (writes ? 0x01L : 0x5aL) << 56, 1);
        ByteBuffer capsule = queue.capsule(command, new byte[writes ? bytes : 0]);
        templateBytes = capsule.capacity();
        template = ByteBuffer.allocateDirect(templateBytes).put(0, capsule, 0, templateBytes);
        out = ByteBuffer.allocateDirect(depth * templateBytes).order(ByteOrder.LITTLE_ENDIAN);
        sentNs = new long[depth];
    }

    /** Keeps the queue busy for a time, and waits for the last command. @return commands that ended */
    public long run(long lengthNs) throws IOException {
        long before = completed;
        long untilNs = System.nanoTime() + lengthNs;
        in.clear();
        for (int cid = 0; cid < depth; cid++) {
            submit(cid, System.nanoTime());
        }
        while (outstanding > 0) {
            flush();
            int count = channel.read(in);
            if (count < 0) {
                throw new DriverException("closed by the target");
            }
            if (count > 0) {
                long nowNs = System.nanoTime();
                parse(nowNs, nowNs - untilNs < 0);
            }
        }
        return completed - before;
    }

    private void submit(int cid, long nowNs) {
        int at = out.position();
        out.put(at, template, 0, templateBytes).position(at + templateBytes);
        out.putShort(at + CAPSULE + 2, (short) cid);
        out.putLong(at + CAPSULE + Sqe.CDW10, random.nextLong(places) * (bytes / BLOCK));
        sentNs[cid] = nowNs;
        outstanding++;
    }

    private void flush() throws IOException {
        if (out.position() == 0) {
            return;
        }
        out.flip();
        channel.write(out);
        out.compact();
    }

    private void parse(long nowNs, boolean goesOn) {
        int end = in.position();
        int at = 0;
        while (end - at >= HostPdu.COMMON_BYTES) {
            int length = in.getInt(at + 4);
            if (end - at < length) {
                break;
            }
            pdu(at, length, nowNs, goesOn);
            at += length;
        }
        in.position(at).limit(end);
        in.compact();
    }

    private void pdu(int at, int length, long nowNs, boolean goesOn) {
        switch (in.get(at)) {
            case HostPdu.C2H_DATA -> {
                if (digests) {
                    verify(at, length);
                }
            }
            case HostPdu.CAPSULE_RESP -> {
                if (in.getShort(at + 22) != 0) {
                    throw new DriverException("status 0x%x".formatted(in.getShort(at + 22)));
                }
                int cid = in.getShort(at + 20);
                latencies[(int) Math.min(LATENCIES - 1, (nowNs - sentNs[cid]) / LATENCY_UNIT_NS)]++;
                outstanding--;
                completed++;
                if (goesOn) {
                    submit(cid, nowNs);
                }
            }
            default -> throw new DriverException("PDU of type %d".formatted(in.get(at)));
        }
    }

    private void verify(int at, int length) {
        int position = in.position();
        int limit = in.limit();
        int data = at + in.get(at + 3);
        crc.reset();
        in.limit(at + length - HostPdu.DIGEST_BYTES).position(data);
        crc.update(in);
        in.limit(limit).position(position);
        if ((int) crc.getValue() != in.getInt(at + length - HostPdu.DIGEST_BYTES)) {
            throw new DriverException("wrong data digest");
        }
    }

    /** The time within which a part of all commands ended, in microseconds. */
    public double latencyUs(double part) {
        long total = 0;
        for (long count : latencies) {
            total += count;
        }
        long sum = 0;
        for (int i = 0; i < LATENCIES; i++) {
            sum += latencies[i];
            if (sum >= total * part) {
                return i * LATENCY_UNIT_NS / 1e3;
            }
        }
        return LATENCIES * LATENCY_UNIT_NS / 1e3;
    }

    /** Forgets what was measured. */
    public void forget() {
        Arrays.fill(latencies, 0);
    }
}
