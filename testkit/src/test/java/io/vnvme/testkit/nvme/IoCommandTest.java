package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.Sgl;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.Sharing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** I/O commands and their errors (NVM Command Set 1.0, 3; NVM Express Base 2.0, 7). */
@ParameterizedClass
@EnumSource(Sharing.class)
final class IoCommandTest {
    private static final int DEALLOCATE = 4;
    private static final long BLOCKS = Guest.NAMESPACE_BYTES / Guest.BLOCK;

    private final Guest guest;
    private final QueuePair pair;
    private final Buffer data;

    IoCommandTest(Sharing sharing) {
        guest = Guest.start(sharing);
        pair = guest.ioPair();
        data = guest.ram().allocate(1 << 20);
    }

    @AfterEach
    void close() {
        guest.close();
    }

    private String run(Command command) {
        return outcome(pair.execute(command, Sgl.of(data)));
    }

    private void fill(int seed) {
        for (int i = 0; i < 8192; i++) {
            data.segment().setAtIndex(ValueLayout.JAVA_INT, i, i * 31 + seed);
        }
    }

    private MemorySegment stored(int nsid, long offset, long length) {
        return guest.drive().memory().asSlice((nsid - 1) * Guest.NAMESPACE_BYTES + offset, length);
    }

    @Test
    void writesLandWhereTheyShould() {
        fill(1);
        assertThat(run(Command.write(1, 5, 3))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(stored(1, 5 * 512, 3 * 512).mismatch(data.segment().asSlice(0, 3 * 512)))
                .isEqualTo(-1);
        assertThat(run(Command.write(2, 7, 2))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(stored(2, 7 * 4096, 2 * 4096).mismatch(data.segment().asSlice(0, 2 * 4096)))
                .isEqualTo(-1);
        assertThat(stored(1, 8 * 512, 512).mismatch(MemorySegment.ofArray(new byte[512])))
                .isEqualTo(-1);
    }

    @Test
    void readsWhatIsThere() {
        fill(2);
        MemorySegment.copy(data.segment(), 0, stored(2, 40960, 8192), 0, 8192);
        data.segment().fill((byte) 0);
        assertThat(run(Command.read(2, 10, 2))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(data.segment().get(ValueLayout.JAVA_INT, 4)).isEqualTo(33);
        assertThat(data.segment().get(ValueLayout.JAVA_INT, 8188)).isEqualTo(2047 * 31 + 2);
        assertThat(data.segment().get(ValueLayout.JAVA_INT, 8192)).isZero();
    }

    @Test
    void rangesEndWithTheNamespace() {
        assertThat(run(Command.read(1, BLOCKS - 1, 1))).isEqualTo(outcome(Status.SUCCESS));
        String out = outcome(Status.LBA_OUT_OF_RANGE);
        for (int opcode : new int[] {IoOpcode.READ, IoOpcode.COMPARE, IoOpcode.VERIFY, IoOpcode.WRITE_ZEROES}) {
            for (long lba : new long[] {BLOCKS, BLOCKS - 1, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
                assertThat(run(Command.of(opcode).nsid(1).range(lba, 2)))
                        .as("opcode %d lba %d", opcode, lba)
                        .isEqualTo(out);
            }
        }
        assertThat(run(Command.write(1, BLOCKS, 1))).isEqualTo(out);
        assertThat(guest.drive().memory().mismatch(MemorySegment.ofArray(new byte[12 << 20])))
                .isEqualTo(-1);
    }

    @Test
    void transfersLargerThanAllowedAreRefused() {
        assertThat(run(Command.read(1, 0, 2049))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.read(1, 0, 2048))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(run(Command.write(2, 0, 257))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.write(2, 0, 256))).isEqualTo(outcome(Status.SUCCESS));
    }

    @Test
    void namespacesThatAreNotThere() {
        assertThat(run(Command.read(0, 0, 1))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
        assertThat(run(Command.read(4, 0, 1))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.read(0x1000_0000, 0, 1))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
        assertThat(run(Command.read(-1, 0, 1))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
    }

    @Test
    void unknownOpcodes() {
        for (int opcode = 0; opcode < 256; opcode++) {
            boolean known = switch (opcode) {
                case 0x00, 0x01, 0x02, 0x05, 0x08, 0x09, 0x0C, 0x0D, 0x0E, 0x11, 0x15, 0x19 -> true;
                default -> false;
            };
            if (!known) {
                assertThat(run(Command.of(opcode).nsid(1)))
                        .as("opcode 0x%02x", opcode)
                        .isEqualTo(outcome(Status.INVALID_OPCODE));
            }
        }
    }

    @Test
    void readOnlyNamespaceTakesNoWrites() {
        assertThat(run(Command.read(3, 0, 8))).isEqualTo(outcome(Status.SUCCESS));
        String refused = outcome(Status.WRITE_PROTECTED);
        assertThat(run(Command.write(3, 0, 8))).isEqualTo(refused);
        assertThat(run(Command.of(IoOpcode.WRITE_ZEROES).nsid(3).range(0, 8))).isEqualTo(refused);
        assertThat(run(Command.of(IoOpcode.DATASET_MANAGEMENT).nsid(3).dword(11, DEALLOCATE)))
                .isEqualTo(refused);
        assertThat(run(Command.of(IoOpcode.COPY).nsid(3).range(0, 1))).isEqualTo(refused);
    }

    @Test
    void flushReachesTheDrive() {
        assertThat(outcome(pair.execute(Command.flush(1)))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(guest.drive().flushes()).isEqualTo(1);
        assertThat(outcome(pair.execute(Command.flush(-1)))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(guest.drive().flushes()).isEqualTo(4);
        assertThat(outcome(pair.execute(Command.flush(9)))).isEqualTo(outcome(Status.INVALID_FIELD));
    }

    @Test
    void forceUnitAccessReachesTheDrive() {
        assertThat(run(Command.write(1, 0, 8).forceUnitAccess())).isEqualTo(outcome(Status.SUCCESS));
        assertThat(guest.drive().flushes()).isEqualTo(1);
        assertThat(run(Command.write(1, 0, 8))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(guest.drive().flushes()).isEqualTo(1);
        guest.driver().admin(Command.setFeature(6, 0)).orThrow();
        assertThat(run(Command.write(1, 0, 8))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(guest.drive().flushes()).as("without a write cache").isEqualTo(2);
    }

    @Test
    void compare() {
        fill(3);
        assertThat(run(Command.write(1, 100, 64))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(run(Command.of(IoOpcode.COMPARE).nsid(1).range(100, 64))).isEqualTo(outcome(Status.SUCCESS));
        data.segment().set(ValueLayout.JAVA_BYTE, 64 * 512 - 1, (byte) 99);
        assertThat(run(Command.of(IoOpcode.COMPARE).nsid(1).range(100, 64))).isEqualTo(outcome(Status.COMPARE_FAILURE));
        assertThat(run(Command.of(IoOpcode.COMPARE).nsid(1).range(100, 63))).isEqualTo(outcome(Status.SUCCESS));
    }

    @Test
    void fusedCompareAndWrite() {
        fill(4);
        run(Command.write(1, 50, 1));
        try (Buffer fresh = guest.ram().allocate(4096)) {
            fresh.segment().fill((byte) 0x5A);
            assertThat(fused(50, 50, fresh)).containsExactly(outcome(Status.SUCCESS), outcome(Status.SUCCESS));
            assertThat(stored(1, 50 * 512, 1).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0x5A);
            fresh.segment().fill((byte) 0x11);
            assertThat(fused(50, 50, fresh))
                    .containsExactly(outcome(Status.COMPARE_FAILURE), outcome(Status.ABORTED_FAILED_FUSED));
            assertThat(stored(1, 50 * 512, 1).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0x5A);
            assertThat(fused(50, 51, fresh))
                    .containsExactly(outcome(Status.INVALID_FIELD), outcome(Status.INVALID_FIELD));
        }
    }

    private String[] fused(long compareLba, long writeLba, Buffer fresh) {
        int first = pair.submissions()
                .submit(Command.of(IoOpcode.COMPARE)
                        .nsid(1)
                        .range(compareLba, 1)
                        .fuse(Sqe.FUSE_FIRST)
                        .prp(data.iova(), 0));
        guest.settle();
        int second =
                pair.start(Command.write(1, writeLba, 1).fuse(Sqe.FUSE_SECOND).prp(fresh.iova(), 0));
        return new String[] {outcome(pair.await(first)), outcome(pair.await(second))};
    }

    @Test
    void halvesOfFusedOperationsAlone() {
        assertThat(run(Command.write(1, 0, 1).fuse(Sqe.FUSE_SECOND))).isEqualTo(outcome(Status.ABORTED_MISSING_FUSED));
        int first = pair.start(Command.of(IoOpcode.COMPARE)
                .nsid(1)
                .range(0, 1)
                .fuse(Sqe.FUSE_FIRST)
                .prp(data.iova(), 0));
        guest.settle();
        assertThat(run(Command.read(1, 0, 1))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(outcome(pair.await(first))).isEqualTo(outcome(Status.ABORTED_MISSING_FUSED));
        assertThat(run(Command.read(1, 0, 1).fuse(Sqe.FUSE_FIRST))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.read(1, 0, 1).fuse(3))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.read(1, 0, 1))).isEqualTo(outcome(Status.SUCCESS));
    }

    @Test
    void writeZeroes() {
        stored(1, 0, 1 << 20).fill((byte) 9);
        assertThat(run(Command.of(IoOpcode.WRITE_ZEROES).nsid(1).range(2, 100))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(run(Command.of(IoOpcode.WRITE_ZEROES).nsid(1).range(200, 100).dword(12, 99 | 1 << 25)))
                .isEqualTo(outcome(Status.SUCCESS));
        MemorySegment zeros = MemorySegment.ofArray(new byte[100 * 512]);
        assertThat(stored(1, 1024, 100 * 512).mismatch(zeros)).isEqualTo(-1);
        assertThat(stored(1, 200 * 512, 100 * 512).mismatch(zeros)).isEqualTo(-1);
        assertThat(stored(1, 1023, 1).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 9);
        assertThat(stored(1, 102 * 512, 1).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 9);
    }

    @Test
    void verify() {
        assertThat(run(Command.of(IoOpcode.VERIFY).nsid(1).range(0, 2048))).isEqualTo(outcome(Status.SUCCESS));
        guest.drive().faults(new Faults(0, 0, 1));
        assertThat(run(Command.of(IoOpcode.VERIFY).nsid(1).range(0, 8)))
                .isEqualTo(outcome(Status.UNRECOVERED_READ_ERROR));
    }

    @Test
    void datasetManagement() {
        stored(1, 0, 1 << 20).fill((byte) 9);
        range(0, 10, 5);
        range(1, 100, 0);
        range(2, 200, 7);
        Command deallocate =
                Command.of(IoOpcode.DATASET_MANAGEMENT).nsid(1).dword(10, 2).dword(11, DEALLOCATE);
        assertThat(run(deallocate)).isEqualTo(outcome(Status.SUCCESS));
        assertThat(stored(1, 10 * 512, 1).get(ValueLayout.JAVA_BYTE, 0)).isZero();
        assertThat(stored(1, 15 * 512, 1).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 9);
        assertThat(stored(1, 206 * 512, 1).get(ValueLayout.JAVA_BYTE, 0)).isZero();
        range(0, 300, 1);
        range(2, BLOCKS - 1, 2);
        assertThat(run(deallocate)).isEqualTo(outcome(Status.LBA_OUT_OF_RANGE));
        assertThat(stored(1, 300 * 512, 1).get(ValueLayout.JAVA_BYTE, 0))
                .as("nothing is done when one range is wrong")
                .isEqualTo((byte) 9);
        assertThat(run(Command.of(IoOpcode.DATASET_MANAGEMENT)
                        .nsid(1)
                        .dword(10, 0)
                        .dword(11, 3)))
                .as("hints only")
                .isEqualTo(outcome(Status.SUCCESS));
    }

    private void range(int index, long lba, int blocks) {
        data.segment().set(ValueLayout.JAVA_LONG, index * 16L, (long) blocks << 32);
        data.segment().set(ValueLayout.JAVA_LONG, index * 16L + 8, lba);
    }

    @Test
    void copy() {
        fill(5);
        run(Command.write(1, 0, 64));
        data.segment().fill((byte) 0);
        source(0, 8, 4);
        source(1, 0, 2);
        assertThat(run(Command.of(IoOpcode.COPY).nsid(1).range(1000, 2))).isEqualTo(outcome(Status.SUCCESS));
        assertThat(stored(1, 1000 * 512, 4 * 512).mismatch(stored(1, 8 * 512, 4 * 512)))
                .isEqualTo(-1);
        assertThat(stored(1, 1004 * 512, 2 * 512).mismatch(stored(1, 0, 2 * 512)))
                .isEqualTo(-1);
        assertThat(run(Command.of(IoOpcode.COPY).nsid(1).range(BLOCKS - 5, 2)))
                .isEqualTo(outcome(Status.LBA_OUT_OF_RANGE));
        source(1, BLOCKS - 1, 2);
        assertThat(run(Command.of(IoOpcode.COPY).nsid(1).range(0, 2))).isEqualTo(outcome(Status.LBA_OUT_OF_RANGE));
        assertThat(run(Command.of(IoOpcode.COPY).nsid(1).range(0, 2).dword(12, 1 | 1 << 8)))
                .isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.of(IoOpcode.COPY).nsid(1).range(0, 256))).isEqualTo(outcome(Status.COMMAND_SIZE_LIMIT));
    }

    private void source(int index, long lba, int blocks) {
        data.segment().set(ValueLayout.JAVA_LONG, index * 32L + 8, lba);
        data.segment().set(ValueLayout.JAVA_SHORT, index * 32L + 16, (short) (blocks - 1));
    }

    @Test
    void driveErrorsBecomeMediaErrors() {
        guest.drive().faults(new Faults(0, 0, 1));
        assertThat(run(Command.read(1, 0, 8))).isEqualTo(outcome(Status.UNRECOVERED_READ_ERROR));
        assertThat(run(Command.write(1, 0, 8))).isEqualTo(outcome(Status.WRITE_FAULT));
        assertThat(run(Command.of(IoOpcode.COMPARE).nsid(1).range(0, 8)))
                .isEqualTo(outcome(Status.UNRECOVERED_READ_ERROR));
        guest.drive().faults(Faults.NONE);
        assertThat(run(Command.read(1, 0, 8))).isEqualTo(outcome(Status.SUCCESS));
    }

    @Test
    void manyCommandsThatNeedScratchMemory() {
        int[] cids = new int[60];
        for (int i = 0; i < cids.length; i++) {
            cids[i] =
                    pair.start(Command.of(IoOpcode.COMPARE).nsid(1).range(i, 8).prp(data.iova(), 0));
        }
        for (int cid : cids) {
            assertThat(pair.await(cid).ok()).isTrue();
        }
    }
}
