package io.vnvme.frontend.vfiouser;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.devicestate.DeviceStateReader;
import io.vnvme.frontend.vfiouser.DeviceMigration.Owner;
import io.vnvme.memory.DmaLog;
import io.vnvme.memory.GuestMemory;
import io.vnvme.os.Errno;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * DEVICE_FEATURE, MIG_DATA_READ and MIG_DATA_WRITE: migration version 2 of linux/vfio.h as the protocol carries it.
 *
 * <p>States and arcs: RUNNING, STOP, STOP_COPY, RESUMING, each but STOP with an arc to STOP and one from it. A way between two of
 * the others goes by STOP, which is the shortest.
 */
final class MigrationCommands {
    static final int STATE_ERROR = 0;
    static final int STATE_STOP = 1;
    static final int STATE_RUNNING = 2;
    static final int STATE_STOP_COPY = 3;
    static final int STATE_RESUMING = 4;

    private static final long FLAG_STOP_COPY = 1;
    private static final int PAGE_BYTES_MIN = DmaLog.PAGE_BYTES;
    private static final int RANGES_MAX = 256;
    private static final int RANGE_BYTES = 16;
    private static final int CONTROL_BYTES = 16;
    private static final int REPORT_BYTES = 24;
    private static final int BITMAP_MAX_BYTES = Wire.DATA_TRANSFER_MAX;
    /** A client waits for the reply, and its guest with it. */
    private static final long STOP_LIMIT_NS = 2_000_000_000L;

    private final DeviceMigration migration;
    private final DmaLog log;
    /** What is read in STOP_COPY, and how far it was. */
    private byte @Nullable [] outgoing;

    private int outgoingAt;
    /** What was written in RESUMING. */
    private @Nullable ByteArrayOutputStream incoming;

    private boolean changing;

    /** How a command is answered. */
    interface Answer {
        /** With a body of so many bytes, which {@code body} fills; nothing is called for a command that wants no reply. */
        void with(int bodyBytes, Consumer<MemorySegment> body);

        /** The same later: {@link Later#done} sends it. At most 32 bytes. */
        Later later(int bodyBytes, Consumer<MemorySegment> body);
    }

    /** An answer that is owed. */
    interface Later {
        void done();

        void failed(int errno);
    }

    MigrationCommands(DeviceMigration migration, GuestMemory memory) {
        this.migration = migration;
        this.log = memory.log();
    }

    /** @throws RequestException EBUSY when it must not be reset */
    void checkReset() {
        migration.checkReset();
    }

    /** The function was reset. */
    void reset() {
        outgoing = null;
        incoming = null;
        migration.reset();
    }

    int state() {
        if (incoming != null) {
            return STATE_RESUMING;
        }
        if (outgoing != null) {
            return STATE_STOP_COPY;
        }
        return switch (migration.state()) {
            case RUNNING -> STATE_RUNNING;
            case STOPPED -> STATE_STOP;
            case BROKEN -> STATE_ERROR;
        };
    }

    void feature(Request.DeviceFeature request, Answer answer) {
        checkPossible();
        int methods = methods(request.feature());
        if (methods == 0) {
            throw new RequestException(Errno.ENOTTY, "feature " + request.feature());
        }
        int wanted = request.wanted();
        if (wanted == 0 || (wanted & ~methods) != 0) {
            throw new RequestException(Errno.EINVAL, "feature %d with 0x%x".formatted(request.feature(), wanted));
        }
        if (request.probe()) {
            echo(request, answer);
            return;
        }
        switch (request.feature()) {
            case Request.DeviceFeature.MIGRATION ->
                get(request, answer, Long.BYTES, out -> out.set(Wire.LONG, 0, FLAG_STOP_COPY));
            case Request.DeviceFeature.MIG_DEVICE_STATE -> state(request, answer);
            case Request.DeviceFeature.DMA_LOGGING_START -> startLog(request, answer);
            case Request.DeviceFeature.DMA_LOGGING_STOP -> stopLog(request, answer);
            default -> report(request, answer);
        }
    }

    private void checkPossible() {
        if (!migration.possible()) {
            throw new RequestException(Errno.ENOTSUP, "a device that cannot go elsewhere");
        }
    }

    private static int methods(int feature) {
        return switch (feature) {
            case Request.DeviceFeature.MIGRATION, Request.DeviceFeature.DMA_LOGGING_REPORT -> Request.DeviceFeature.GET;
            case Request.DeviceFeature.MIG_DEVICE_STATE -> Request.DeviceFeature.GET | Request.DeviceFeature.SET;
            case Request.DeviceFeature.DMA_LOGGING_START, Request.DeviceFeature.DMA_LOGGING_STOP ->
                Request.DeviceFeature.SET;
            default -> 0;
        };
    }

    private static void echo(Request.DeviceFeature request, Answer answer) {
        echo(request, answer, _ -> {});
    }

    /** @param changed is given the data of the reply, which are those of the request */
    private static void echo(Request.DeviceFeature request, Answer answer, Consumer<MemorySegment> changed) {
        MemorySegment data = request.data();
        answer.with(Request.DeviceFeature.SIZE + (int) data.byteSize(), out -> {
            request.encode(out, (int) data.byteSize());
            MemorySegment.copy(data, 0, out, Request.DeviceFeature.SIZE, data.byteSize());
            changed.accept(out.asSlice(Request.DeviceFeature.SIZE));
        });
    }

    private static void get(Request.DeviceFeature request, Answer answer, int bytes, Consumer<MemorySegment> data) {
        int size = Request.DeviceFeature.SIZE + bytes;
        if (Integer.compareUnsigned(request.argumentBytes(), size) < 0) {
            throw new RequestException(Errno.EINVAL, "argsz %d below %d".formatted(request.argumentBytes(), size));
        }
        answer.with(size, out -> {
            request.encode(out, bytes);
            data.accept(out.asSlice(Request.DeviceFeature.SIZE));
        });
    }

    private void state(Request.DeviceFeature request, Answer answer) {
        if ((request.wanted() & Request.DeviceFeature.GET) != 0) {
            get(request, answer, 2 * Integer.BYTES, out -> {
                out.set(Wire.INT, 0, state());
                out.set(Wire.INT, 4, -1);
            });
            return;
        }
        int target = request.data(2 * Integer.BYTES).get(Wire.INT, 0);
        int current = state();
        if (changing || migration.stoppedBy(Owner.DAEMON)) {
            throw new RequestException(Errno.EBUSY, "the state is changing, or the daemon's");
        }
        if (target < STATE_STOP || target > STATE_RESUMING || current == STATE_ERROR) {
            throw new RequestException(Errno.EINVAL, "from state %d to %d".formatted(current, target));
        }
        if (target == current) {
            echo(request, answer);
            return;
        }
        if (current == STATE_RUNNING) {
            stop(request, target, answer);
            return;
        }
        if (current == STATE_RESUMING) {
            take();
        }
        outgoing = null;
        enter(target);
        echo(request, answer);
    }

    private void stop(Request.DeviceFeature request, int target, Answer answer) {
        int flags = request.flags();
        Later later = answer.later(Request.DeviceFeature.SIZE + 2 * Integer.BYTES, out -> {
            out.set(Wire.INT, 0, Request.DeviceFeature.SIZE + 2 * Integer.BYTES);
            out.set(Wire.INT, 4, flags);
            out.set(Wire.INT, 8, target);
            out.set(Wire.INT, 12, -1);
        });
        stop(target, later);
    }

    /**
     * A stop that another process had begun, and that had not ended with it, is begun anew.
     *
     * @param reply that is owed
     * @return false when it is none such
     */
    boolean stopAgain(MemorySegment reply, Later later) {
        if (Header.command(reply) != Wire.DEVICE_FEATURE || state() != STATE_RUNNING) {
            return false;
        }
        stop(reply.get(Wire.INT, Header.SIZE + 8), later);
        return true;
    }

    private void stop(int target, Later later) {
        Consumer<Boolean> stopped = ok -> {
            changing = false;
            if (ok) {
                enter(target);
                later.done();
            } else {
                later.failed(Errno.EBUSY);
            }
        };
        try {
            migration.stop(Owner.CLIENT, STOP_LIMIT_NS, stopped);
        } catch (RequestException e) {
            later.failed(e.errno());
            return;
        }
        changing = true;
    }

    /** From STOP. */
    private void enter(int target) {
        switch (target) {
            case STATE_STOP_COPY -> {
                outgoing = migration.save(Owner.CLIENT);
                outgoingAt = 0;
            }
            case STATE_RESUMING -> {
                migration.awaits();
                incoming = new ByteArrayOutputStream();
            }
            case STATE_RUNNING -> migration.run(Owner.CLIENT);
            default -> {
                // STOP itself.
            }
        }
    }

    /** RESUMING to STOP. What was written is forgotten when it is not what it should be, and can be written again. */
    private void take() {
        ByteArrayOutputStream written = incoming;
        if (written == null) {
            return;
        }
        try {
            migration.load(Owner.CLIENT, written.toByteArray());
            incoming = null;
        } catch (DeviceStateException e) {
            written.reset();
            throw new RequestException(Errno.EINVAL, String.valueOf(e.getMessage()));
        }
    }

    void read(Request.MigrationData request, Answer answer) {
        checkPossible();
        byte[] stream = outgoing;
        int wanted = request.sizeBytes();
        if (stream == null
                || wanted < 0
                || wanted > Wire.DATA_TRANSFER_MAX
                || Integer.compareUnsigned(request.argumentBytes(), Request.MigrationData.SIZE + wanted) < 0) {
            throw new RequestException(
                    Errno.EINVAL, "MIG_DATA_READ of %d bytes in state %d".formatted(wanted, state()));
        }
        int count = Math.min(wanted, stream.length - outgoingAt);
        answer.with(Request.MigrationData.SIZE + count, out -> {
            out.set(Wire.INT, 0, Request.MigrationData.SIZE + count);
            out.set(Wire.INT, 4, count);
            MemorySegment.copy(stream, outgoingAt, out, ValueLayout.JAVA_BYTE, Request.MigrationData.SIZE, count);
            outgoingAt += count;
        });
    }

    void write(Request.MigrationData request, Answer answer) {
        checkPossible();
        ByteArrayOutputStream stream = incoming;
        MemorySegment data = request.data();
        if (stream == null || request.sizeBytes() < 0 || request.sizeBytes() > data.byteSize()) {
            throw new RequestException(
                    Errno.EINVAL, "MIG_DATA_WRITE of %d bytes in state %d".formatted(request.sizeBytes(), state()));
        }
        if (request.sizeBytes() > DeviceStateReader.SIZE_MAX - stream.size()) {
            throw new RequestException(Errno.E2BIG, "more than a state has");
        }
        stream.writeBytes(data.asSlice(0, request.sizeBytes()).toArray(ValueLayout.JAVA_BYTE));
        answer.with(0, _ -> {});
    }

    /** All writes are noted, whatever ranges are asked for: a report is about a range in any case. */
    private void startLog(Request.DeviceFeature request, Answer answer) {
        MemorySegment data = request.data(CONTROL_BYTES);
        checkPage(data.get(Wire.LONG, 0));
        int ranges = data.get(Wire.INT, 8);
        if (ranges < 0 || ranges > RANGES_MAX) {
            throw new RequestException(Errno.E2BIG, ranges + " ranges to log");
        }
        checkRanges(request.data(CONTROL_BYTES + ranges * RANGE_BYTES), ranges);
        if (log.on()) {
            throw new RequestException(Errno.EBUSY, "writes are logged already");
        }
        log.start(DeviceMigration.Owner.CLIENT);
        echo(request, answer, out -> out.set(Wire.LONG, 0, DmaLog.PAGE_BYTES));
    }

    private static void checkRanges(MemorySegment data, int ranges) {
        NavigableMap<Long, Long> known = new TreeMap<>(Long::compareUnsigned);
        for (int i = 0; i < ranges; i++) {
            long first = data.get(Wire.LONG, CONTROL_BYTES + (long) i * RANGE_BYTES);
            long length = data.get(Wire.LONG, CONTROL_BYTES + (long) i * RANGE_BYTES + 8);
            long last = first + length - 1;
            var before = known.floorEntry(last);
            boolean overlaps = before != null && Long.compareUnsigned(before.getValue(), first) >= 0;
            if (length == 0
                    || Long.compareUnsigned(last, first) < 0
                    || ((first | length) & PAGE_BYTES_MIN - 1) != 0
                    || overlaps) {
                throw new RequestException(Errno.EINVAL, "range of 0x%x at 0x%x to log".formatted(length, first));
            }
            known.put(first, last);
        }
    }

    private static void checkPage(long pageBytes) {
        if (Long.bitCount(pageBytes) != 1 || pageBytes < PAGE_BYTES_MIN) {
            throw new RequestException(Errno.EINVAL, "pages of 0x%x bytes".formatted(pageBytes));
        }
    }

    private void stopLog(Request.DeviceFeature request, Answer answer) {
        if (!log.isFor(DeviceMigration.Owner.CLIENT)) {
            throw new RequestException(Errno.EINVAL, "writes are not logged");
        }
        log.stop();
        echo(request, answer);
    }

    private void report(Request.DeviceFeature request, Answer answer) {
        MemorySegment data = request.data(REPORT_BYTES);
        long first = data.get(Wire.LONG, 0);
        long length = data.get(Wire.LONG, 8);
        long pageBytes = data.get(Wire.LONG, 16);
        checkPage(pageBytes);
        long last = first + length - 1;
        int pageShift = Long.numberOfTrailingZeros(pageBytes);
        long pages = length >>> pageShift;
        if (!log.isFor(DeviceMigration.Owner.CLIENT)
                || length == 0
                || Long.compareUnsigned(last, first) < 0
                || ((first | length) & pageBytes - 1) != 0
                || pages > BITMAP_MAX_BYTES * 8L) {
            throw new RequestException(
                    Errno.EINVAL, "report of 0x%x bytes at 0x%x in pages of 0x%x".formatted(length, first, pageBytes));
        }
        int bitmapBytes = (int) ((pages + 63) / 64 * 8);
        get(request, answer, REPORT_BYTES + bitmapBytes, out -> {
            MemorySegment.copy(data, 0, out, 0, REPORT_BYTES);
            MemorySegment bitmap = out.asSlice(REPORT_BYTES, bitmapBytes);
            bitmap.fill((byte) 0);
            if (log.overflowed()) {
                bitmap.asSlice(0, pages >>> 3).fill((byte) -1);
                for (long page = pages & -8; page < pages; page++) {
                    mark(bitmap, page);
                }
            }
            log.take(first, last, page -> mark(bitmap, page - first >>> pageShift));
        });
    }

    private static void mark(MemorySegment bitmap, long page) {
        long at = page >>> 3;
        bitmap.set(ValueLayout.JAVA_BYTE, at, (byte) (bitmap.get(ValueLayout.JAVA_BYTE, at) | 1 << (page & 7)));
    }
}
