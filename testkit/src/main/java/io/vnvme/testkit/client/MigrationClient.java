package io.vnvme.testkit.client;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** What a client does to migrate a device: DEVICE_FEATURE, MIG_DATA_READ and MIG_DATA_WRITE, by the numbers of linux/vfio.h. */
public final class MigrationClient {
    public static final int STATE_ERROR = 0;
    public static final int STATE_STOP = 1;
    public static final int STATE_RUNNING = 2;
    public static final int STATE_STOP_COPY = 3;
    public static final int STATE_RESUMING = 4;

    public static final int GET = 1 << 16;
    public static final int SET = 1 << 17;
    public static final int PROBE = 1 << 18;

    public static final int MIGRATION = 1;
    public static final int MIG_DEVICE_STATE = 2;
    public static final int DMA_LOGGING_START = 6;
    public static final int DMA_LOGGING_STOP = 7;
    public static final int DMA_LOGGING_REPORT = 8;

    private static final int HEADER_BYTES = 8;
    private static final int ROOM_BYTES = (1 << 20) + 24;

    private final Calls calls;

    public MigrationClient(VfioUserClient client) {
        calls = client.calls();
    }

    /**
     * DEVICE_FEATURE.
     *
     * @param flags feature and method
     * @return the reply without argsz and flags
     */
    public ByteBuffer feature(int flags, byte... data) {
        return feature(HEADER_BYTES + ROOM_BYTES, flags, data);
    }

    public ByteBuffer feature(int argsz, int flags, byte[] data) {
        ByteBuffer body = Wire.body(HEADER_BYTES + data.length)
                .putInt(argsz)
                .putInt(flags)
                .put(data);
        return calls.call(Wire.DEVICE_FEATURE, body)
                .view()
                .position(HEADER_BYTES)
                .slice()
                .order(body.order());
    }

    public void probe(int flags) {
        feature(PROBE | flags);
    }

    public int state() {
        return feature(GET | MIG_DEVICE_STATE).getInt(0);
    }

    public void state(int target) {
        feature(SET | MIG_DEVICE_STATE, Wire.body(8).putInt(target).putInt(-1).array());
    }

    public void startLog() {
        feature(SET | DMA_LOGGING_START, Wire.body(16).putLong(4096).array());
    }

    public void stopLog() {
        feature(SET | DMA_LOGGING_STOP);
    }

    /** Pages of a range that were written since the last report of them: a bit each. */
    public BitSet report(long iova, long length) {
        return report(iova, length, 4096);
    }

    public BitSet report(long iova, long length, long pageBytes) {
        ByteBuffer reply = feature(
                GET | DMA_LOGGING_REPORT,
                Wire.body(24).putLong(iova).putLong(length).putLong(pageBytes).array());
        return BitSet.valueOf(reply.position(24).slice());
    }

    /** All that there is to read in STOP_COPY, {@code chunkBytes} at a time. */
    public byte[] read(int chunkBytes) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (true) {
            ByteBuffer body = Wire.body(8).putInt(8 + chunkBytes).putInt(chunkBytes);
            ByteBuffer reply = calls.call(Wire.MIG_DATA_READ, body).view();
            int count = reply.getInt(4);
            byte[] data = new byte[count];
            reply.get(8, data);
            all.writeBytes(data);
            if (count < chunkBytes) {
                return all.toByteArray();
            }
        }
    }

    /** Writes in RESUMING, {@code chunkBytes} at a time. */
    public void write(byte[] stream, int chunkBytes) {
        for (int at = 0; at < stream.length; at += chunkBytes) {
            int count = Math.min(chunkBytes, stream.length - at);
            ByteBuffer body =
                    Wire.body(8 + count).putInt(8 + count).putInt(count).put(stream, at, count);
            calls.call(Wire.MIG_DATA_WRITE, body);
        }
    }
}
