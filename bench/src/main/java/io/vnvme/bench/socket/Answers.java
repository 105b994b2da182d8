package io.vnvme.bench.socket;

import io.vnvme.os.SendQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** What requests are answered with: a header of C2HData, and the data of a read. */
abstract sealed class Answers {
    /** Of a C2HData that stands for the response too. */
    static final int HEADER_BYTES = 24;

    /** Puts so many in line, as pieces that stay as they are until they are sent. */
    abstract void add(SendQueue out, int count);

    /** The same bytes each time, in one piece: nothing is done for them. */
    static final class Ready extends Answers {
        private final MemorySegment memory;
        private final int bytes;

        Ready(int dataBytes) {
            bytes = HEADER_BYTES + dataBytes;
            memory = Arena.ofAuto().allocate((long) Requests.COUNT_MAX * bytes, 4096);
        }

        /** Of the most answers that are sent together, one behind the other. */
        MemorySegment memory() {
            return memory;
        }

        int bytes() {
            return bytes;
        }

        @Override
        void add(SendQueue out, int count) {
            out.add(memory, 0, count * bytes, SendQueue.NOBODY);
        }
    }

    /** A copy of what lies somewhere on a drive, with its header before it: what a target does with a drive of any kind. */
    static final class Staged extends Answers {
        private final Places places;
        private final MemorySegment buffers;
        private final int dataBytes;
        private final int stride;

        Staged(Places places, int dataBytes) {
            this.places = places;
            this.dataBytes = dataBytes;
            stride = 4096 + dataBytes;
            buffers = Arena.ofAuto().allocate((long) Requests.COUNT_MAX * stride, 4096);
        }

        @Override
        void add(SendQueue out, int count) {
            for (int i = 0; i < count; i++) {
                long data = (long) i * stride + 4096;
                MemorySegment.copy(places.drive(), places.next(), buffers, data, dataBytes);
                out.add(buffers, data - HEADER_BYTES, HEADER_BYTES + dataBytes, SendQueue.NOBODY);
            }
        }
    }

    /** Headers, and between them the drive's own memory. */
    static final class Straight extends Answers {
        private final Places places;
        private final MemorySegment headers = Arena.ofAuto().allocate((long) Requests.COUNT_MAX * 64, 64);
        private final int dataBytes;

        Straight(Places places, int dataBytes) {
            this.places = places;
            this.dataBytes = dataBytes;
        }

        @Override
        void add(SendQueue out, int count) {
            for (int i = 0; i < count; i++) {
                out.add(headers, i * 64L, HEADER_BYTES, SendQueue.NOBODY);
                out.add(places.drive(), places.next(), dataBytes, SendQueue.NOBODY);
            }
        }
    }

    /** Where a read is, at random. */
    static final class Places {
        private final MemorySegment drive;
        private final int dataBytes;
        private final long count;
        private final SplittableRandom random = new SplittableRandom(1);

        Places(MemorySegment drive, int dataBytes) {
            this.drive = drive;
            this.dataBytes = dataBytes;
            count = drive.byteSize() / dataBytes;
        }

        MemorySegment drive() {
            return drive;
        }

        long next() {
            return random.nextLong(count) * dataBytes;
        }
    }
}
