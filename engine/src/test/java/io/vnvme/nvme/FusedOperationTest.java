package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Fused operations, and what waits for their blocks, of a volume that answers later. */
class FusedOperationTest {
    private final Host host = Host.ready();

    FusedOperationTest() {
        host.volume.asynchronous = true;
    }

    @AfterEach
    void close() {
        host.close();
    }

    private Host.Entry compare(long lba) {
        return host.io(IoOpcode.COMPARE).blocks(lba, 1, Host.DATA);
    }

    @Test
    void fusedCompareAndWrite() {
        host.data(512).fill((byte) 0);
        int first = compare(3).fuse(Sqe.FUSE_FIRST).put();
        int second = host.io(IoOpcode.WRITE)
                .blocks(3, 1, Host.DATA + 4096)
                .fuse(Sqe.FUSE_SECOND)
                .submit();
        host.data(8192).asSlice(4096, 512).fill((byte) 7);
        host.step();
        assertThat(host.volume.operations).as("the write waits").containsExactly(Io.READ);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(first);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(second);
        assertThat(host.volume.media.get(ValueLayout.JAVA_BYTE, 3 * 512)).isEqualTo((byte) 7);
    }

    @Test
    void fusedWriteIsNotDoneWhenTheCompareFails() {
        host.data(512).fill((byte) 1);
        compare(3).fuse(Sqe.FUSE_FIRST).put();
        host.io(IoOpcode.WRITE).blocks(3, 1, Host.DATA).fuse(Sqe.FUSE_SECOND).submit();
        host.step();
        host.volume.completeOne();
        assertThat(host.next(host.io).status()).isEqualTo(Status.COMPARE_FAILURE);
        assertThat(host.next(host.io).status()).isEqualTo(Status.ABORTED_FAILED_FUSED);
        assertThat(host.volume.operations).containsExactly(Io.READ);
    }

    private int write(long lba, int blocks) {
        return host.io(IoOpcode.WRITE).blocks(lba, blocks, Host.DATA + 4096).submit();
    }

    private int fused(long lba) {
        compare(lba).fuse(Sqe.FUSE_FIRST).put();
        return host.io(IoOpcode.WRITE)
                .blocks(lba, 1, Host.DATA + 4096)
                .fuse(Sqe.FUSE_SECOND)
                .submit();
    }

    @Test
    void writesWaitWhileAFusedPairIsAboutTheirBlocks() {
        int second = fused(3);
        host.step();
        int overlapping = write(2, 2);
        int beside = write(4, 2);
        int read = host.io(IoOpcode.READ).blocks(3, 1, Host.DATA).submit();
        host.step();
        assertThat(host.volume.operations)
                .as("compare, the write beside, the read")
                .containsExactly(Io.READ, Io.WRITE, Io.READ);
        host.volume.completeOne();
        host.next(host.io);
        assertThat(host.volume.operations).hasSize(4);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(beside);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(read);
        assertThat(host.volume.pending).as("the fused write alone").hasSize(1);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(second);
        assertThat(host.volume.pending).as("the write that waited").hasSize(1);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(overlapping);
        assertThat(host.controller.quiescent()).isTrue();
    }

    @Test
    void aFusedPairWaitsForWritesOfItsBlocksThatRun() {
        int running = write(3, 1);
        host.step();
        int second = fused(3);
        host.step();
        assertThat(host.volume.operations).containsExactly(Io.WRITE);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(running);
        assertThat(host.volume.operations).containsExactly(Io.WRITE, Io.READ);
        host.volume.completeOne();
        host.next(host.io);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(second);
    }

    @Test
    void fusedPairsOfTheSameBlocksComeOneAfterTheOther() {
        host.data(8192).fill((byte) 0);
        for (int i = 0; i < 5; i++) {
            fused(3);
        }
        host.step();
        for (int i = 0; i < 5; i++) {
            assertThat(host.volume.pending).hasSize(1);
            host.volume.completeOne();
            assertThat(host.next(host.io).status()).isEqualTo(Status.SUCCESS);
            assertThat(host.volume.pending).hasSize(1);
            host.volume.completeOne();
            assertThat(host.next(host.io).status()).isEqualTo(Status.SUCCESS);
        }
        assertThat(host.controller.quiescent()).isTrue();
    }

    @Test
    void aPairThatFailsLetsOthersGoOn() {
        host.data(512).fill((byte) 1);
        fused(3);
        host.step();
        int waiting = write(3, 1);
        host.step();
        host.volume.completeOne();
        assertThat(host.next(host.io).status()).isEqualTo(Status.COMPARE_FAILURE);
        assertThat(host.next(host.io).status()).isEqualTo(Status.ABORTED_FAILED_FUSED);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(waiting);
    }

    @Test
    void resetWithWritesThatWaitForAPair() {
        for (int round = 0; round < 3; round++) {
            host.volume.asynchronous = true;
            write(3, 1);
            host.step();
            fused(3);
            write(3, 1);
            fused(3);
            host.step();
            host.disable();
            host.volume.completeAll();
            host.step();
            host.enable();
            host.createPair(host.io);
            host.volume.asynchronous = false;
            assertThat(host.io(IoOpcode.WRITE).blocks(3, 1, Host.DATA).run().status())
                    .isEqualTo(Status.SUCCESS);
        }
    }

    @Test
    void aWriteThatWaitsForAPairCanBeAborted() {
        fused(3);
        host.step();
        int waiting = write(3, 1);
        host.step();
        host.admin(AdminOpcode.ABORT).dword(10, 1 | waiting << 16).submit();
        assertThat(host.next(host.admin).status()).isEqualTo(Status.SUCCESS);
        Host.Answer aborted = host.next(host.io);
        assertThat(aborted.cid()).isEqualTo(waiting);
        assertThat(aborted.status()).isEqualTo(Status.ABORT_REQUESTED);
    }

    @Test
    void resetBetweenTheHalvesOfAFusedOperation() {
        for (int round = 0; round < 3; round++) {
            compare(3).fuse(Sqe.FUSE_FIRST).put();
            host.io(IoOpcode.WRITE)
                    .blocks(3, 1, Host.DATA)
                    .fuse(Sqe.FUSE_SECOND)
                    .submit();
            host.step();
            host.disable();
            host.volume.completeAll();
            host.step();
            host.enable();
            host.createPair(host.io);
        }
        assertThat(host.volume.operations).containsOnly(Io.READ);
    }

    @Test
    void aFirstHalfThatWaitsCanBeAborted() {
        int first = compare(0).fuse(Sqe.FUSE_FIRST).submit();
        host.step();
        assertThat(host.admin(AdminOpcode.ABORT)
                        .dword(10, 1 | first << 16)
                        .run()
                        .result())
                .isZero();
        assertThat(host.next(host.io).status()).isEqualTo(Status.ABORT_REQUESTED);
        host.io(IoOpcode.WRITE).blocks(0, 1, Host.DATA).fuse(Sqe.FUSE_SECOND).submit();
        assertThat(host.next(host.io).status()).isEqualTo(Status.ABORTED_MISSING_FUSED);
    }
}
