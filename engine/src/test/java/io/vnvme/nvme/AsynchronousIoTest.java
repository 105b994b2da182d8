package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Status;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Commands whose volume answers later, and what may happen meanwhile. */
class AsynchronousIoTest {
    private final Host host = Host.ready();

    AsynchronousIoTest() {
        host.volume.asynchronous = true;
    }

    @AfterEach
    void close() {
        host.close();
    }

    private Host.Entry read() {
        return host.io(IoOpcode.READ).blocks(0, 1, Host.DATA);
    }

    private Host.Entry compare(long lba) {
        return host.io(IoOpcode.COMPARE).blocks(lba, 1, Host.DATA);
    }

    @Test
    void completesInTheOrderOfTheVolume() {
        int first = read().submit();
        int second = read().submit();
        assertThat(host.poll(host.io)).isNull();
        Io io = host.volume.pending.removeLast();
        io.complete(IoStatus.OK);
        assertThat(host.next(host.io).cid()).isEqualTo(second);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(first);
        assertThat(host.controller.quiescent()).isTrue();
    }

    @Test
    void errorsOfTheVolume() {
        int[][] expected = {
            {IoStatus.READ_ERROR, Status.UNRECOVERED_READ_ERROR},
            {IoStatus.NO_SPACE, Status.CAPACITY_EXCEEDED},
            {IoStatus.GONE, Status.NAMESPACE_NOT_READY},
            {IoStatus.UNSUPPORTED, Status.INTERNAL_ERROR},
        };
        for (int[] pair : expected) {
            read().submit();
            host.step();
            host.volume.complete(pair[0]);
            assertThat(host.next(host.io).status()).isEqualTo(pair[1]);
        }
    }

    @Test
    void resetWaitsForWhatIsPending() {
        read().submit();
        compare(0).submit();
        host.step();
        host.disable();
        assertThat(host.register(Registers.CSTS) & Registers.CSTS_RDY)
                .as("RDY while draining")
                .isEqualTo(1);
        assertThat(host.controller.quiescent()).isFalse();
        host.volume.completeOne();
        host.volume.complete(IoStatus.READ_ERROR);
        host.step();
        assertThat(host.register(Registers.CSTS)).isZero();
        host.volume.asynchronous = false;
        host.enable();
        host.createPair(host.io);
        assertThat(read().run().status()).isEqualTo(Status.SUCCESS);
    }

    @Test
    void enablingWithoutWaitingForTheReset() {
        read().submit();
        host.step();
        host.disable();
        host.enable();
        assertThat(host.fatal()).isFalse();
        host.volume.completeAll();
        host.step();
        assertThat(host.register(Registers.CSTS)).isEqualTo(Registers.CSTS_RDY);
        host.volume.asynchronous = false;
        host.createPair(host.io);
        assertThat(read().run().status()).isEqualTo(Status.SUCCESS);
    }

    @Test
    void functionResetInMidIo() {
        for (int i = 0; i < 8; i++) {
            compare(i).submit();
        }
        host.step();
        host.controller.reset();
        assertThat(host.register(Registers.CC)).isZero();
        host.volume.completeAll();
        host.step();
        assertThat(host.register(Registers.CSTS)).isZero();
        assertThat(host.controller.quiescent()).isTrue();
    }

    @Test
    void deletingAQueueWaitsForItsCommands() {
        int one = read().submit();
        host.step();
        int deletion = host.admin(AdminOpcode.DELETE_SQ).dword(10, 1).submit();
        assertThat(host.poll(host.admin)).isNull();
        assertThat(host.admin(AdminOpcode.DELETE_SQ).dword(10, 1).run().status())
                .as("a second deletion")
                .isEqualTo(Status.QUEUE_ID_INVALID);
        assertThat(host.admin(AdminOpcode.DELETE_CQ).dword(10, 1).run().status())
                .isEqualTo(Status.QUEUE_DELETION_INVALID);
        host.volume.completeOne();
        assertThat(host.next(host.io).cid()).isEqualTo(one);
        assertThat(host.next(host.admin).cid()).isEqualTo(deletion);
        assertThat(host.admin(AdminOpcode.DELETE_CQ).dword(10, 1).run().status())
                .isEqualTo(Status.SUCCESS);
        host.createPair(host.io);
    }

    @Test
    void resetWhileAQueueIsBeingDeleted() {
        read().submit();
        host.step();
        host.admin(AdminOpcode.DELETE_SQ).dword(10, 1).submit();
        host.step();
        host.disable();
        host.volume.completeAll();
        host.step();
        host.enable();
        host.createPair(host.io);
        host.volume.asynchronous = false;
        for (int i = 0; i < 100; i++) {
            assertThat(read().run().status()).isEqualTo(Status.SUCCESS);
        }
    }

    @Test
    void commandsThatWaitForABufferAreServedInTurn() {
        for (int i = 0; i < 14; i++) {
            compare(i).submit();
        }
        host.step();
        assertThat(host.volume.pending).as("scratch buffers").hasSize(8);
        for (int i = 0; i < 14; i++) {
            host.volume.completeOne();
            assertThat(host.next(host.io).status()).isEqualTo(Status.SUCCESS);
        }
    }

    @Test
    void commandsThatWaitForABufferCanBeAborted() {
        int last = 0;
        for (int i = 0; i < 10; i++) {
            last = compare(i).submit();
        }
        host.step();
        Host.Answer abort =
                host.admin(AdminOpcode.ABORT).dword(10, 1 | last << 16).run();
        assertThat(abort.result()).as("aborted").isZero();
        Host.Answer aborted = host.next(host.io);
        assertThat(aborted.cid()).isEqualTo(last);
        assertThat(aborted.status()).isEqualTo(Status.ABORT_REQUESTED);
        abort = host.admin(AdminOpcode.ABORT).dword(10, 1 | (last - 9) << 16).run();
        assertThat(abort.result()).as("with the volume").isEqualTo(1);
    }

    @Test
    void resetWithCommandsInLineForBuffers() {
        for (int i = 0; i < 14; i++) {
            compare(i).submit();
        }
        host.step();
        host.disable();
        int begun = host.volume.operations.size();
        host.volume.completeAll();
        host.step();
        assertThat(host.volume.operations).as("those in line never begin").hasSize(begun);
        host.enable();
        host.createPair(host.io);
        for (int i = 0; i < 14; i++) {
            compare(i).submit();
        }
        host.step();
        assertThat(host.volume.pending).as("all buffers are there again").hasSize(8);
    }

    @Test
    void aLongLineThatFailsAtOnceDoesNotDeepenTheStack() {
        Host.Pair deep = new Host.Pair(2, 1024);
        deepQueue(deep);
        for (int i = 0; i < 1000; i++) {
            host.new Entry(deep, IoOpcode.COMPARE)
                    .nsid(1)
                    .blocks(0, 1, Host.DATA)
                    .put();
        }
        host.ring(deep);
        for (int i = 0; i < 30; i++) {
            host.step();
        }
        host.volume.asynchronous = false;
        host.volume.answer = IoStatus.GONE;
        host.volume.complete(IoStatus.GONE);
        assertThat(host.fatal()).isFalse();
        for (int i = 0; i < 1000 - 7; i++) {
            assertThat(host.next(deep).status()).isEqualTo(Status.NAMESPACE_NOT_READY);
        }
    }

    /** A queue of 1024 entries lies where the data is not. */
    private void deepQueue(Host.Pair pair) {
        assertThat(pair.entries * 64).isLessThanOrEqualTo(16 * 4096);
        pair.sq = Host.BASE + 512 * 4096L;
        pair.cq = Host.BASE + 640 * 4096L;
        host.createPair(pair);
    }

    @Test
    void memoryOfAPendingCommandIsHeld() {
        read().submit();
        compare(1).submit();
        host.step();
        assertThat(host.inFlight()).isEqualTo(2);
        host.volume.completeAll();
        assertThat(host.inFlight()).isZero();
        for (int i = 0; i < 14; i++) {
            compare(i).submit();
        }
        host.step();
        assertThat(host.inFlight()).as("commands in line too").isPositive();
        host.disable();
        host.volume.completeAll();
        assertThat(host.inFlight()).isZero();
    }

    @Test
    void completionWithoutMemoryStopsThisControllerAndNotTheVolume() {
        read().submit();
        read().submit();
        host.step();
        host.memory.unmap(Host.BASE, host.ram.byteSize());
        host.volume.completeOne();
        assertThat(host.fatal()).isTrue();
        assertThat(host.controller.failure()).contains("completion queue 1");
        host.volume.completeOne();
        assertThat(host.controller.quiescent()).isTrue();
    }

    @Test
    void memoryClosedBehindOurBackStopsThisControllerAndNotTheVolume() {
        compare(0).submit();
        host.step();
        host.arena.close();
        Io io = host.volume.pending.remove();
        io.complete(IoStatus.OK);
        assertThat(host.fatal()).isTrue();
        assertThat(host.controller.quiescent()).isTrue();
    }

    @Test
    void namespaceThatLeavesWhileACommandWaits() {
        for (int i = 0; i < 9; i++) {
            compare(i).submit();
        }
        host.step();
        host.controller.namespaces().detach(1);
        int begun = host.volume.operations.size();
        host.volume.completeAll();
        for (int i = 0; i < 9; i++) {
            assertThat(host.next(host.io).status()).isEqualTo(Status.INVALID_FIELD);
        }
        assertThat(host.volume.operations).hasSize(begun);
    }

    /** A host that has other ways hears of all its commands, those that waited too, what makes it take one of them. */
    @Test
    void namespaceThatLeavesAHostWithOtherWays() {
        Subsystem shared = new Subsystem("nqn.2026-01.io.vnvme:shared", "S2", "unit", "1");
        shared.multipath(true);
        try (Host several = new Host(false, shared, 7)) {
            several.volume.asynchronous = true;
            several.controller.namespaces().attach(several.namespace(1));
            several.enable();
            several.createPair(several.io);
            several.io(IoOpcode.COMPARE).blocks(0, 1, Host.DATA).submit();
            several.step();
            several.controller.access().close();
            several.controller.namespaces().detach(1);
            several.volume.completeAll();
            assertThat(several.next(several.io).status()).isEqualTo(Status.ANA_INACCESSIBLE);
            several.io(IoOpcode.READ).blocks(0, 1, Host.DATA).submit();
            assertThat(several.next(several.io).status()).isEqualTo(Status.ANA_INACCESSIBLE);
        }
        host.controller.access().close();
        assertThat(host.controller.access().state()).as("nobody is told").isEqualTo(AnaState.OPTIMIZED);
    }

    @Test
    void completionsWaitForBusMastering() {
        int cid = read().submit();
        host.step();
        host.controller.busMaster(false);
        host.volume.completeOne();
        assertThat(host.poll(host.io)).isNull();
        assertThat(host.inFlight()).isEqualTo(1);
        host.controller.busMaster(true);
        assertThat(host.next(host.io).cid()).isEqualTo(cid);
        assertThat(host.inFlight()).isZero();
    }

    @Test
    void resetForgetsWhatWaitsForBusMastering() {
        read().submit();
        host.step();
        host.controller.busMaster(false);
        host.volume.completeOne();
        host.controller.reset();
        host.controller.busMaster(true);
        assertThat(host.poll(host.io)).isNull();
        assertThat(host.inFlight()).isZero();
    }

    @Test
    void shutdownFlushesAndIsCompleteWhenTheFlushIs() {
        host.register(Registers.CC, host.register(Registers.CC) | 1 << 14);
        assertThat(host.register(Registers.CSTS)).isEqualTo(Registers.CSTS_RDY | Registers.CSTS_SHST_OCCURRING);
        assertThat(host.controller.quiescent()).isFalse();
        host.volume.completeOne();
        assertThat(host.volume.operations).containsExactly(Io.FLUSH);
        assertThat(host.register(Registers.CSTS)).isEqualTo(Registers.CSTS_RDY | Registers.CSTS_SHST_COMPLETE);
        assertThat(host.controller.quiescent()).isTrue();
    }

    /** Whoever moves the volume waits until all has ended that it was given. */
    @Test
    void aShutdownsFlushIsPendingWorkOfItsNamespace() {
        Namespace namespace = host.attached();
        assertThat(namespace.pendingWork()).isZero();
        host.register(Registers.CC, host.register(Registers.CC) | 1 << 14);
        assertThat(host.volume.pending).hasSize(1);
        assertThat(namespace.pendingWork()).isEqualTo(1);
        host.volume.completeAll();
        assertThat(namespace.pendingWork()).isZero();
    }

    /** A defect below the volume stops this controller, which is then as free to go as any other. */
    @Test
    void aShutdownsFlushThatCannotBeginHasEnded() {
        TestVolume broken = new TestVolume(1 << 20);
        broken.defect = new IllegalStateException("a defect");
        Namespace defective = new Namespace(2, NamespaceIdentity.of(new UUID(1, 2)), broken, 512, false);
        host.controller.namespaces().attach(defective);
        host.register(Registers.CC, host.register(Registers.CC) | 1 << 14);
        assertThat(defective.pendingWork()).isZero();
        assertThat(host.attached().pendingWork())
                .as("the other is flushed all the same")
                .isEqualTo(1);
        assertThat(host.fatal()).as("while that goes on").isFalse();
        host.volume.completeOne();
        assertThat(host.attached().pendingWork()).isZero();
        assertThat(host.controller.quiescent()).isTrue();
        assertThat(host.fatal()).isTrue();
        assertThat(host.controller.failure()).contains("flushed at shutdown", "a defect");
    }
}
