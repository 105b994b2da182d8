package io.vnvme.nvme.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Golden bytes of queue entries and register fields. */
class WireTest {
    private static MemorySegment bytes(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        MemorySegment segment = java.lang.foreign.Arena.ofAuto().allocate(bytes.length, 8);
        return segment.copyFrom(MemorySegment.ofArray(bytes));
    }

    @Test
    void submissionQueueEntry() {
        MemorySegment sqe = bytes("02 42 34 12  78 56 34 12  00 00 00 00  00 00 00 00"
                + "11 11 11 11 11 11 11 11  00 10 00 00 02 00 00 00"
                + "00 20 00 00 03 00 00 00  88 77 66 55 44 33 22 11"
                + "ff 00 00 40  0d 00 00 00  0e 00 00 00  0f 00 00 80");
        assertThat(Sqe.opcode(sqe, 0)).isEqualTo(IoOpcode.READ);
        assertThat(Sqe.fuse(sqe, 0)).isEqualTo(Sqe.FUSE_SECOND);
        assertThat(Sqe.psdt(sqe, 0)).isEqualTo(Sqe.PSDT_SGL);
        assertThat(Sqe.cid(sqe, 0)).isEqualTo(0x1234);
        assertThat(Sqe.nsid(sqe, 0)).isEqualTo(0x12345678);
        assertThat(Sqe.metadataPointer(sqe, 0)).isEqualTo(0x1111_1111_1111_1111L);
        assertThat(Sqe.dataPointerLow(sqe, 0)).isEqualTo(0x2_0000_1000L);
        assertThat(Sqe.dataPointerHigh(sqe, 0)).isEqualTo(0x3_0000_2000L);
        assertThat(Sqe.startingLba(sqe, 0)).isEqualTo(0x1122_3344_5566_7788L);
        assertThat(Sqe.blockCount(sqe, 0)).isEqualTo(256);
        assertThat(Sqe.forceUnitAccess(sqe, 0)).isTrue();
        assertThat(Sqe.dword(sqe, 0, 15)).isEqualTo(0x8000_000f);
        assertThat(Sqe.head(0x02, 2, 1, 0x1234)).isEqualTo(0x1234_4202);
    }

    @Test
    void largestCommandIdentifierAndBlockCount() {
        MemorySegment sqe = MemorySegment.ofArray(new long[8]);
        sqe.fill((byte) 0xff);
        assertThat(Sqe.cid(sqe, 0)).isEqualTo(0xffff);
        assertThat(Sqe.blockCount(sqe, 0)).isEqualTo(65536);
    }

    @Test
    void completionQueueEntry() {
        MemorySegment cqe = MemorySegment.ofArray(new long[2]);
        Cqe.write(cqe, 0, 0x0102_0304_0506_0708L, 0xfedc, 0x0040, 0xabcd, Status.LBA_OUT_OF_RANGE | Status.MORE, 1);
        assertThat(cqe.mismatch(bytes("08 07 06 05 04 03 02 01  dc fe 40 00  cd ab 01 c1")
                        .reinterpret(16)))
                .isEqualTo(-1);
        int word = Cqe.acquireCidStatus(cqe, 0);
        assertThat(Cqe.phase(word)).isEqualTo(1);
        assertThat(Cqe.cid(word)).isEqualTo(0xabcd);
        assertThat(Cqe.status(word)).isEqualTo(0x6080);
        assertThat(Cqe.sqHead(cqe, 0)).isEqualTo(0xfedc);
        assertThat(Cqe.sqId(cqe, 0)).isEqualTo(0x40);
    }

    @Test
    void statusCodes() {
        assertThat(Status.type(Status.COMPARE_FAILURE)).isEqualTo(2);
        assertThat(Status.code(Status.COMPARE_FAILURE)).isEqualTo(0x85);
        assertThat(Status.typeAndCode(Status.QUEUE_DELETION_INVALID)).isEqualTo(0x10c);
        assertThat(Status.typeAndCode(Status.COMMAND_SIZE_LIMIT)).isEqualTo(0x183);
        assertThat(Status.typeAndCode(Status.WRITE_PROTECTED)).isEqualTo(0x20);
        assertThat(Status.typeAndCode(Status.RESERVATION_CONFLICT)).isEqualTo(0x83);
        assertThat(Status.typeAndCode(Status.PRP_OFFSET_INVALID)).isEqualTo(0x13);
    }

    @Test
    void capabilities() {
        long cap = Registers.capabilities(1024, true, 16);
        assertThat(cap & 0xffff).as("MQES").isEqualTo(1023);
        assertThat(cap >>> 16 & 1).as("CQR").isEqualTo(1);
        assertThat(cap >>> 17 & 3).as("AMS").isEqualTo(1);
        assertThat(cap >>> 24 & 0xff).as("TO").isEqualTo(20);
        assertThat(cap >>> 32 & 0xf).as("DSTRD").isZero();
        assertThat(cap >>> 37 & 0xff).as("CSS").isEqualTo(0x41);
        assertThat(cap >>> 48 & 0xf).as("MPSMIN").isZero();
        assertThat(cap >>> 52 & 0xf).as("MPSMAX").isEqualTo(4);
        assertThat(cap >>> 59 & 3).as("CRMS").isEqualTo(1);
    }

    @Test
    void controllerConfiguration() {
        int cc = 0x0046_4861 | 1 << 7;
        assertThat(Registers.enabled(cc)).isTrue();
        assertThat(Registers.commandSet(cc)).isEqualTo(6);
        assertThat(Registers.pageBytes(cc)).isEqualTo(8192);
        assertThat(Registers.arbitration(cc)).isEqualTo(1);
        assertThat(Registers.shutdown(cc)).isEqualTo(1);
        assertThat(Registers.sqeBytes(cc)).isEqualTo(64);
        assertThat(Registers.cqeBytes(cc)).isEqualTo(16);
        assertThat(Registers.adminSqEntries(0x0fff_001f)).isEqualTo(32);
        assertThat(Registers.adminCqEntries(0x0fff_001f)).isEqualTo(4096);
    }
}
