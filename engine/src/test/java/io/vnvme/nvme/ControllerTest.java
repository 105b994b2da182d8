package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.memory.Region;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a controller does at the edges: small and large queues, doorbell buffers, events, features, keep alive. */
class ControllerTest {
    private final Host host = Host.ready();

    @AfterEach
    void close() {
        host.close();
    }

    private Host.Entry read() {
        return host.io(IoOpcode.READ).blocks(0, 1, Host.DATA);
    }

    private int log(int page, int bytes, boolean retain) {
        return host.admin(AdminOpcode.GET_LOG_PAGE)
                .dptr(Host.DATA, 0)
                .dword(10, page | (retain ? 1 << 15 : 0) | bytes / 4 - 1 << 16)
                .run()
                .status();
    }

    @Test
    void largestAdminQueueKeepsToItsOwnSlots() {
        host.disable();
        Host.Pair large = new Host.Pair(0, 4096);
        large.sq = Host.BASE + 512 * 4096L;
        large.cq = Host.BASE + 640 * 4096L;
        Host.Pair before = host.admin;
        assertThat(before.entries).isEqualTo(16);
        host.register(Registers.AQA, 0x0fff_0fff);
        host.controller.writeRegister(Registers.ASQ, 8, large.sq);
        host.controller.writeRegister(Registers.ACQ, 8, large.cq);
        host.register(Registers.CC, 1 | 6 << 16 | 4 << 20);
        for (int i = 0; i < 3000; i++) {
            host.new Entry(large, AdminOpcode.KEEP_ALIVE).put();
        }
        host.ring(large);
        for (int i = 0; i < 3000; i++) {
            assertThat(host.next(large).status()).isEqualTo(Status.SUCCESS);
        }
        assertThat(host.controller.state().getLong(ControllerState.slotWord(1, 0)))
                .isZero();
        ControllerState state = host.controller.state();
        assertThat(state.getLong(ControllerState.slot(1, 0) + 8)).isZero();
    }

    @Test
    void eventRequestsDoNotFillASmallAdminQueue() {
        host.disable();
        host.enable(3, 2);
        Host.Pair small = new Host.Pair(0, 3);
        // The completion queue has 2 entries, so this pair's indexes are kept by hand.
        for (int i = 0; i < 4; i++) {
            host.new Entry(small, AdminOpcode.ASYNC_EVENT_REQUEST).submit();
            host.step();
        }
        int cid = host.new Entry(small, AdminOpcode.KEEP_ALIVE).submit();
        host.step();
        int word = host.ram.get(ValueLayout.JAVA_INT, small.cq - Host.BASE + 12);
        assertThat(word & 0xffff).isEqualTo(cid);
    }

    @Test
    void anEventWaitsForRoomInTheCompletionQueue() {
        host.disable();
        host.enable(4, 2);
        Host.Pair small = new Host.Pair(0, 4);
        host.new Entry(small, AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.ASYNC_EVENT_CONFIG)
                .dword(11, 0x100)
                .submit();
        host.step();
        int event = host.new Entry(small, AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        host.step();
        host.controller.namespaces().detach(1);
        host.step();
        long second = small.cq - Host.BASE + 16 + 12;
        assertThat(host.ram.get(ValueLayout.JAVA_INT, second)).as("no room yet").isZero();
        host.page.set(ValueLayout.JAVA_INT, 4, 1);
        host.step();
        assertThat(host.ram.get(ValueLayout.JAVA_INT, second) & 0xffff).isEqualTo(event);
    }

    @Test
    void oneEventOfATypeUntilItsLogIsRead() {
        host.admin(AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.ASYNC_EVENT_CONFIG)
                .dword(11, 0x100)
                .run();
        IntStream.range(0, 8)
                .forEach(i -> host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit());
        assertThat(host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).run().status()).isEqualTo(Status.ASYNC_EVENT_LIMIT);
        host.controller.namespaces().changed(1);
        assertThat(host.next(host.admin).result()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
        host.controller.namespaces().changed(1);
        assertThat(host.poll(host.admin)).isNull();
        assertThat(log(LogPageId.CHANGED_NAMESPACES, 4096, true)).isEqualTo(Status.SUCCESS);
        assertThat(host.data(4096).get(ValueLayout.JAVA_INT, 0)).isEqualTo(1);
        assertThat(host.poll(host.admin)).as("retained").isNull();
        assertThat(log(LogPageId.CHANGED_NAMESPACES, 4096, false)).isEqualTo(Status.SUCCESS);
        assertThat(log(LogPageId.CHANGED_NAMESPACES, 4096, false)).isEqualTo(Status.SUCCESS);
        assertThat(host.data(4096).get(ValueLayout.JAVA_INT, 0)).isZero();
        host.controller.namespaces().changed(1);
        assertThat(host.next(host.admin).result()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
    }

    @Test
    void eventRequestsCanBeAborted() {
        int cid = host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        host.step();
        host.admin(AdminOpcode.ABORT).dword(10, cid << 16).submit();
        Host.Answer aborted = host.next(host.admin);
        assertThat(aborted.cid()).isEqualTo(cid);
        assertThat(aborted.status()).isEqualTo(Status.ABORT_REQUESTED);
        assertThat(host.next(host.admin).result()).isZero();
    }

    @Test
    void invalidTailIsAnEventAndAnErrorOnce() {
        host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        host.step();
        host.page.set(ValueLayout.JAVA_INT, 8, 16);
        assertThat(host.next(host.admin).result()).isEqualTo(AsyncEvent.INVALID_DOORBELL_VALUE);
        assertThat(log(LogPageId.ERROR_INFORMATION, 128, false)).isEqualTo(Status.SUCCESS);
        assertThat(host.data(64).get(ValueLayout.JAVA_LONG, 0))
                .as("error count")
                .isEqualTo(1);
        assertThat(host.data(64).get(ValueLayout.JAVA_SHORT, 8)).as("SQID").isEqualTo((short) 1);
        assertThat(host.data(64).get(ValueLayout.JAVA_SHORT, 10)).as("CID").isEqualTo((short) -1);
        assertThat(host.data(128).get(ValueLayout.JAVA_LONG, 64)).isZero();
        assertThat(host.fatal()).isFalse();
    }

    @Test
    void errorLogHasTheNewestFirst() {
        for (int i = 0; i < 70; i++) {
            host.io(IoOpcode.READ).blocks(100_000 + i, 1, Host.DATA).run();
        }
        host.admin(AdminOpcode.GET_LOG_PAGE)
                .dptr(Host.DATA, 0)
                .dword(10, LogPageId.ERROR_INFORMATION | 1023 << 16)
                .run();
        MemorySegment newest = host.data(4096);
        assertThat(newest.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(70);
        assertThat(newest.get(ValueLayout.JAVA_SHORT, 8)).isEqualTo((short) 1);
        assertThat(newest.get(ValueLayout.JAVA_SHORT, 12) >>> 1 & 0x7ff).isEqualTo(0x80);
        assertThat(newest.get(ValueLayout.JAVA_LONG, 16)).as("LBA").isEqualTo(100_069);
        assertThat(newest.get(ValueLayout.JAVA_INT, 24)).as("NSID").isEqualTo(1);
        assertThat(newest.get(ValueLayout.JAVA_LONG, 63 * 64)).isEqualTo(7);
    }

    @Test
    void keepAliveExpiresWithoutASignOfLife() {
        host.admin(AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.KEEP_ALIVE_TIMER)
                .dword(11, 1000)
                .run();
        host.nowNs += 999_000_000;
        host.step();
        assertThat(host.fatal()).isFalse();
        read().run();
        host.nowNs += 999_000_000;
        host.admin(AdminOpcode.KEEP_ALIVE).run();
        host.nowNs += 999_000_000;
        host.step();
        assertThat(host.fatal()).isFalse();
        host.nowNs += 1_000_000;
        host.step();
        assertThat(host.fatal()).isTrue();
        host.disable();
        host.enable();
        host.nowNs += 5_000_000_000L;
        host.step();
        assertThat(host.fatal()).as("a reset stops the timer").isFalse();
    }

    @Test
    void shadowDoorbells() {
        long shadow = Host.DATA + 8 * 4096;
        assertThat(host.admin(AdminOpcode.DOORBELL_BUFFER_CONFIG)
                        .dptr(shadow + 8, shadow + 4096)
                        .run()
                        .status())
                .isEqualTo(Status.PRP_OFFSET_INVALID);
        assertThat(host.admin(AdminOpcode.DOORBELL_BUFFER_CONFIG)
                        .dptr(shadow, 0x7000_0000)
                        .run()
                        .status())
                .isEqualTo(Status.INVALID_FIELD);
        assertThat(read().run().status()).isEqualTo(Status.SUCCESS);
        assertThat(host.admin(AdminOpcode.DOORBELL_BUFFER_CONFIG)
                        .dptr(shadow, shadow + 4096)
                        .run()
                        .status())
                .isEqualTo(Status.SUCCESS);
        assertThat(host.ram.get(ValueLayout.JAVA_INT, shadow - Host.BASE + 8))
                .as("begins with the doorbell")
                .isEqualTo(1);
        read().put();
        host.ram.set(ValueLayout.JAVA_INT, shadow - Host.BASE + 8, host.io.tail);
        assertThat(host.next(host.io).status()).isEqualTo(Status.SUCCESS);
        remap(1);
        read().put();
        host.ram.set(ValueLayout.JAVA_INT, shadow - Host.BASE + 8, host.io.tail);
        assertThat(host.next(host.io).status())
                .as("after the memory map changed")
                .isEqualTo(Status.SUCCESS);
        remap((shadow - Host.BASE) / 4096);
        host.step();
        assertThat(host.fatal()).isTrue();
        assertThat(host.controller.failure()).contains("doorbell buffers");
    }

    /** The same memory again, as two regions, without one page. */
    private void remap(long without) {
        for (Region region : host.memory.unmapAll()) {
            assertThat(region.inFlight()).isZero();
        }
        long size = host.ram.byteSize();
        long gap = without * 4096;
        host.memory.map(new Region(Host.BASE, gap, host.ram.asSlice(0, gap), true, true));
        host.memory.map(
                new Region(Host.BASE + gap + 4096, size - gap - 4096, host.ram.asSlice(gap + 4096), true, true));
    }

    @Test
    void volatileWriteCacheIsOfTheController() {
        assertThat(host.admin(AdminOpcode.SET_FEATURES)
                        .nsid(1)
                        .dword(10, FeatureId.VOLATILE_WRITE_CACHE)
                        .run()
                        .status())
                .isEqualTo(Status.FEATURE_NOT_NAMESPACE_SPECIFIC);
        host.io(IoOpcode.WRITE).blocks(0, 1, Host.DATA).run();
        assertThat(host.volume.lastForceUnitAccess).isFalse();
        assertThat(host.admin(AdminOpcode.SET_FEATURES)
                        .dword(10, FeatureId.VOLATILE_WRITE_CACHE)
                        .run()
                        .status())
                .isEqualTo(Status.SUCCESS);
        host.io(IoOpcode.WRITE).blocks(0, 1, Host.DATA).run();
        assertThat(host.volume.lastForceUnitAccess).isTrue();
        host.volume.lastForceUnitAccess = false;
        host.data(32).fill((byte) 0);
        host.io(IoOpcode.COPY).blocks(64, 1, Host.DATA).dword(12, 0).run();
        assertThat(host.volume.operations).endsWith(Io.READ, Io.WRITE);
        assertThat(host.volume.lastForceUnitAccess).as("a copy writes too").isTrue();
    }

    @Test
    void vectorConfigurationOfEveryVector() {
        for (int vector : new int[] {0, 65, 199}) {
            assertThat(host.admin(AdminOpcode.SET_FEATURES)
                            .dword(10, FeatureId.INTERRUPT_VECTOR_CONFIG)
                            .dword(11, vector | 1 << 16)
                            .run()
                            .status())
                    .isEqualTo(Status.SUCCESS);
            assertThat(host.admin(AdminOpcode.GET_FEATURES)
                            .dword(10, FeatureId.INTERRUPT_VECTOR_CONFIG)
                            .dword(11, vector)
                            .run()
                            .result())
                    .isEqualTo(vector | 1 << 16);
        }
        assertThat(host.admin(AdminOpcode.SET_FEATURES)
                        .dword(10, FeatureId.INTERRUPT_VECTOR_CONFIG)
                        .dword(11, 200)
                        .run()
                        .status())
                .isEqualTo(Status.INVALID_FIELD);
    }

    @Test
    void everyVectorIsRaised() {
        Host.Pair high = new Host.Pair(3, 16);
        host.fresh(high);
        host.admin(AdminOpcode.CREATE_CQ)
                .dptr(high.cq, 0)
                .dword(10, 3 | 15 << 16)
                .dword(11, 3 | 129 << 16)
                .run();
        host.admin(AdminOpcode.CREATE_SQ)
                .dptr(high.sq, 0)
                .dword(10, 3 | 15 << 16)
                .dword(11, 1 | 3 << 16)
                .run();
        host.raised.clear();
        host.new Entry(high, IoOpcode.READ).nsid(1).blocks(0, 1, Host.DATA).submit();
        read().submit();
        host.step();
        assertThat(host.raised).containsExactlyInAnyOrder(1, 129);
    }

    @Test
    void queuesNeedTheirEntrySizesConfigured() {
        host.disable();
        host.fresh(host.admin);
        host.register(Registers.CC, 1);
        assertThat(host.admin(AdminOpcode.CREATE_CQ)
                        .dptr(host.io.cq, 0)
                        .dword(10, 1 | 15 << 16)
                        .dword(11, 3)
                        .run()
                        .status())
                .isEqualTo(Status.QUEUE_SIZE_INVALID);
    }

    @Test
    void flushOfAReservedNamespaceConflicts() {
        Reservations reservations = host.attached().reservations();
        Host other = new Host(false, host.controller.subsystem(), 9);
        other.controller.namespaces().attach(host.attached());
        other.enable();
        other.identify(5, 0);
        reservations.register(other.controller, 1);
        reservations.acquire(other.controller, 1, Reservations.WRITE_EXCLUSIVE);
        assertThat(host.io(IoOpcode.FLUSH).run().status()).isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(read().run().status()).isEqualTo(Status.SUCCESS);
        other.close();
    }

    /** A request that is not cut may overdraw the 384 KiB of a pass; later passes do without until that is made up for. */
    @Test
    void passesMoveNoMoreThanTheirShare() {
        long list = Host.DATA + 300 * 4096L;
        for (int i = 0; i < 255; i++) {
            host.ram.set(ValueLayout.JAVA_LONG, list - Host.BASE + i * 8L, Host.DATA + (i + 1) * 4096L);
        }
        for (int i = 0; i < 15; i++) {
            host.io(IoOpcode.READ)
                    .blocks(0, 2048, Host.DATA)
                    .dptr(Host.DATA, list)
                    .put();
        }
        host.ring(host.io);
        host.controller.poll(1);
        assertThat(host.volume.operations).hasSize(1);
        host.controller.poll(1);
        assertThat(host.volume.operations).hasSize(1);
        for (int pass = 3; pass <= 9; pass++) {
            host.controller.poll(1);
        }
        assertThat(host.volume.operations).hasSize(4);
    }

    @Test
    void commandsOfAStoppedControllerAreNotFetched() {
        for (int i = 0; i < 10; i++) {
            read().put();
        }
        host.ring(host.io);
        long cqPage = (host.io.cq - Host.BASE) / 4096;
        remap(cqPage);
        host.step();
        assertThat(host.fatal()).isTrue();
        assertThat(host.volume.operations).hasSize(1);
    }
}
