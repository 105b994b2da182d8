package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.DataPointer;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.Sgl;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.sim.Sharing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every shape in which a command may say where its data is, and every wrong one (NVM Express Base 2.0, 4.1). */
@ParameterizedClass
@EnumSource(Sharing.class)
final class DataPointerTest {
    private static final long OUTSIDE = 0x7F00_0000_0000L;

    private final Sharing sharing;
    private Guest guest;
    private QueuePair pair;

    DataPointerTest(Sharing sharing) {
        this.sharing = sharing;
        guest = Guest.start(sharing);
        pair = guest.ioPair();
    }

    @AfterEach
    void close() {
        guest.close();
    }

    private void restart(RamLayout layout) {
        guest.close();
        guest = Guest.start(layout, sharing, new SplittableRandom(1));
        pair = guest.ioPair();
    }

    /** Writes by one pointer, reads back by another, and compares. */
    private void roundTrip(Buffer data, long position, int blocks, DataPointer there, DataPointer back) {
        long length = blocks * 512L;
        for (long i = 0; i < length; i += 4) {
            data.segment().set(ValueLayout.JAVA_INT_UNALIGNED, position + i, (int) (i * 7 + position));
        }
        byte[] expected = data.segment().asSlice(position, length).toArray(ValueLayout.JAVA_BYTE);
        assertThat(outcome(pair.execute(Command.write(1, 3, blocks), there))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(guest.drive().memory().asSlice(3 * 512, length).mismatch(MemorySegment.ofArray(expected)))
                .isEqualTo(-1);
        data.segment().fill((byte) 0x77);
        assertThat(outcome(pair.execute(Command.read(1, 3, blocks), back))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(data.segment().asSlice(position, length).mismatch(MemorySegment.ofArray(expected)))
                .isEqualTo(-1);
        if (position > 0) {
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, position - 1)).isEqualTo((byte) 0x77);
        }
        assertThat(data.segment().get(ValueLayout.JAVA_BYTE, position + length)).isEqualTo((byte) 0x77);
    }

    @ParameterizedTest
    @CsvSource({
        "0,1,0",
        "4,1,0",
        "3584,1,0",
        "3588,1,0",
        "4092,1,0",
        "0,8,0",
        "512,8,0",
        "4092,8,0",
        "0,16,0",
        "4,16,0",
        "0,17,0",
        "4,17,8",
        "2048,100,0",
        "0,2048,0",
        "4,2048,0",
        "0,2048,8",
        "0,2048,4088",
        "2048,2048,2048",
        "4092,2048,4080",
        "0,100,4088"
    })
    void prpOffsetsAndLists(long position, int blocks, int listOffset) {
        try (Buffer data = guest.ram().allocate((2 << 20) + 8192)) {
            long length = blocks * 512L;
            roundTrip(
                    data,
                    position,
                    blocks,
                    Prp.of(data, position, length, 4096, listOffset),
                    Prp.of(data, position, length, 4096, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4096, 8192, 65536, 2 << 20})
    void prpsOverManyRegions(long regionBytes) {
        for (boolean scattered : new boolean[] {false, true}) {
            restart(scattered ? RamLayout.scattered(8 << 20, regionBytes) : RamLayout.adjacent(8 << 20, regionBytes));
            if (scattered && regionBytes < 8192) {
                continue;
            }
            try (Buffer data = guest.ram().allocate((1 << 20) + 8192)) {
                roundTrip(data, 4, 2048, Prp.of(data, 4, 1 << 20, 4096, 0), Prp.of(data, 4, 1 << 20, 4096, 64));
            }
        }
    }

    @Test
    void sglDataBlockOverAdjacentRegions() {
        restart(RamLayout.adjacent(8 << 20, 8192));
        try (Buffer data = guest.ram().allocate(128 << 10)) {
            long iova = data.iova(1001);
            DataPointer there = new Sgl().data(iova, 100 * 512).build(guest.ram(), 0);
            DataPointer back = new Sgl().data(iova, 100 * 512).build(guest.ram(), 0);
            roundTrip(data, 1001, 100, there, back);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,13", "8,512", "64,1000", "64,4096", "512,7777", "2048,65536"})
    void sglListsOfOddPieces(int blocks, int pieceBytes) {
        for (int perSegment : new int[] {0, 2, 3, 255}) {
            try (Buffer data = guest.ram().allocate((2 << 20))) {
                long length = blocks * 512L;
                if (length / pieceBytes > 4000
                        || (perSegment != 0 && length / pieceBytes / perSegment > segmentsMax())) {
                    continue;
                }
                roundTrip(
                        data,
                        77,
                        blocks,
                        pieces(data, 77, length, pieceBytes, perSegment),
                        pieces(data, 77, length, pieceBytes + 1, perSegment));
            }
        }
    }

    /** Of lists that have to be fetched by messages, the controller takes 64 pages; a segment may touch two. */
    private int segmentsMax() {
        return sharing == Sharing.ALL ? 200 : 30;
    }

    private DataPointer pieces(Buffer data, long position, long length, int pieceBytes, int perSegment) {
        Sgl sgl = new Sgl();
        for (long at = 0; at < length; at += pieceBytes) {
            sgl.data(data.iova(position + at), Math.min(pieceBytes, length - at));
        }
        return sgl.build(guest.ram(), perSegment);
    }

    @Test
    void bitBucketsSwallowPartsOfAReadAndNothingOfAWrite() {
        try (Buffer data = guest.ram().allocate(8192)) {
            guest.drive().memory().asSlice(0, 4096).fill((byte) 5);
            Sgl sgl = new Sgl().data(data.iova(), 512).bitBucket(1024).data(data.iova(2048), 512);
            assertThat(outcome(pair.execute(Command.read(1, 0, 4), sgl.build(guest.ram(), 0))))
                    .isEqualTo(outcome(Status.SUCCESS));
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 511)).isEqualTo((byte) 5);
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 512)).isZero();
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 2048)).isEqualTo((byte) 5);
            data.segment().fill((byte) 6);
            Sgl write = new Sgl().data(data.iova(), 512).bitBucket(1024).data(data.iova(2048), 512);
            assertThat(outcome(pair.execute(Command.write(1, 0, 2), write.build(guest.ram(), 0))))
                    .isEqualTo(outcome(Status.SUCCESS));
            assertThat(guest.drive().memory().get(ValueLayout.JAVA_BYTE, 1023)).isEqualTo((byte) 6);
            assertThat(guest.drive().memory().get(ValueLayout.JAVA_BYTE, 1024)).isEqualTo((byte) 5);
        }
    }

    private String read(int blocks, long low, long high, int psdt) {
        return outcome(pair.execute(Command.read(1, 0, blocks).data(low, high, psdt)));
    }

    @Test
    void wrongPrps() {
        try (Buffer data = guest.ram().allocate(16 << 10)) {
            long iova = data.iova();
            assertThat(read(1, iova + 1, 0, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
            assertThat(read(1, iova + 2, 0, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
            assertThat(read(16, iova, iova + 4, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
            assertThat(read(64, iova, iova + 4, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
            assertThat(read(1, OUTSIDE, 0, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
            assertThat(read(16, iova, OUTSIDE, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
            assertThat(read(64, iova, OUTSIDE, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
            assertThat(read(1, 0, 0, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
            assertThat(read(1, -4096, 0, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
            data.segment().set(ValueLayout.JAVA_LONG, 0, iova + 4096);
            data.segment().set(ValueLayout.JAVA_LONG, 8, iova + 8200);
            assertThat(read(24, iova + 4096, iova, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
        }
    }

    @Test
    void prpListsInLoopsEnd() {
        try (Buffer list = guest.ram().allocate(4096);
                Buffer data = guest.ram().allocate(4096)) {
            for (int i = 0; i < 511; i++) {
                list.segment().setAtIndex(ValueLayout.JAVA_LONG, i, data.iova());
            }
            list.segment().setAtIndex(ValueLayout.JAVA_LONG, 511, list.iova());
            assertThat(read(2048, data.iova(), list.iova(4088), Sqe.PSDT_PRP))
                    .isIn(outcome(Status.SUCCESS), outcome(Status.DATA_TRANSFER_ERROR));
        }
    }

    @Test
    void sglSegmentsInLoopsEnd() {
        try (Buffer segment = guest.ram().allocate(4096)) {
            segment.segment().set(ValueLayout.JAVA_LONG, 0, segment.iova());
            segment.segment().set(ValueLayout.JAVA_LONG, 8, Sgl.high(Sgl.SEGMENT, 0, 16));
            assertThat(read(8, segment.iova(), Sgl.high(Sgl.SEGMENT, 0, 16), Sqe.PSDT_SGL))
                    .isIn(outcome(Status.INVALID_SGL_SEGMENT), outcome(Status.INVALID_SGL_COUNT));
            for (int i = 0; i < 255; i++) {
                segment.segment().set(ValueLayout.JAVA_LONG, i * 16L + 8, 0);
            }
            segment.segment().set(ValueLayout.JAVA_LONG, 255 * 16L, segment.iova());
            segment.segment().set(ValueLayout.JAVA_LONG, 255 * 16L + 8, Sgl.high(Sgl.SEGMENT, 0, 4096));
            assertThat(read(8, segment.iova(), Sgl.high(Sgl.SEGMENT, 0, 4096), Sqe.PSDT_SGL))
                    .isIn(outcome(Status.INVALID_SGL_SEGMENT), outcome(Status.INVALID_SGL_COUNT));
        }
    }

    @Test
    void wrongSgls() {
        try (Buffer data = guest.ram().allocate(16 << 10)) {
            long iova = data.iova();
            for (int type : new int[] {Sgl.KEYED_DATA_BLOCK, Sgl.TRANSPORT_DATA_BLOCK, 6, 7, 15}) {
                assertThat(read(1, iova, Sgl.high(type, 0, 512), Sqe.PSDT_SGL))
                        .as("type %d", type)
                        .isEqualTo(outcome(Status.SGL_TYPE_INVALID));
            }
            assertThat(read(1, iova, Sgl.high(Sgl.DATA_BLOCK, 1, 512), Sqe.PSDT_SGL))
                    .isEqualTo(outcome(Status.SGL_TYPE_INVALID));
            assertThat(read(2, iova, Sgl.high(Sgl.DATA_BLOCK, 0, 512), Sqe.PSDT_SGL))
                    .isEqualTo(outcome(Status.SGL_LENGTH_INVALID));
            assertThat(read(1, iova, Sgl.high(Sgl.DATA_BLOCK, 0, 0), Sqe.PSDT_SGL))
                    .isEqualTo(outcome(Status.SGL_LENGTH_INVALID));
            assertThat(read(1, OUTSIDE, Sgl.high(Sgl.DATA_BLOCK, 0, 512), Sqe.PSDT_SGL))
                    .isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
            assertThat(read(1, OUTSIDE, Sgl.high(Sgl.LAST_SEGMENT, 0, 32), Sqe.PSDT_SGL))
                    .isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
            assertThat(read(1, iova, Sgl.high(Sgl.LAST_SEGMENT, 0, 0), Sqe.PSDT_SGL))
                    .isEqualTo(outcome(Status.INVALID_SGL_SEGMENT));
            assertThat(read(1, iova, Sgl.high(Sgl.LAST_SEGMENT, 0, 24), Sqe.PSDT_SGL))
                    .isEqualTo(outcome(Status.INVALID_SGL_SEGMENT));
            assertThat(read(1, iova, Sgl.high(Sgl.DATA_BLOCK, 0, 512), 3)).isEqualTo(outcome(Status.INVALID_FIELD));
            data.segment().set(ValueLayout.JAVA_LONG, 8, Sgl.high(Sgl.SEGMENT, 0, 16));
            assertThat(read(1, iova, Sgl.high(Sgl.LAST_SEGMENT, 0, 32), Sqe.PSDT_SGL))
                    .as("a segment descriptor in the last segment")
                    .isEqualTo(outcome(Status.INVALID_SGL_SEGMENT));
        }
    }

    @Test
    void dataThatLeavesItsRegionIsRefused() {
        restart(RamLayout.scattered(4 << 20, 64 << 10));
        long lastPage = guest.ram().layout().baseIova() + (64 << 10) - 4096;
        assertThat(read(8, lastPage, 0, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.SUCCESS));
        assertThat(read(9, lastPage, lastPage + 4096, Sqe.PSDT_PRP)).isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
        assertThat(read(9, lastPage, Sgl.high(Sgl.DATA_BLOCK, 0, 4608), Sqe.PSDT_SGL))
                .isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
    }
}
