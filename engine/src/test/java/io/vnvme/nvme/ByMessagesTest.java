package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A guest whose memory cannot be mapped: queue entries, lists and data all go by messages. */
class ByMessagesTest {
    private final Host host = Host.byMessages();

    ByMessagesTest() {
        host.controller.namespaces().attach(host.namespace(1));
        host.enable();
        host.createPair(host.io);
    }

    @AfterEach
    void close() {
        host.close();
    }

    private Host.Entry read() {
        return host.io(IoOpcode.READ).blocks(8, 1, Host.DATA);
    }

    private Host.Entry write() {
        return host.io(IoOpcode.WRITE).blocks(8, 1, Host.DATA);
    }

    @Test
    void identify() {
        assertThat(host.admin(AdminOpcode.IDENTIFY)
                        .dptr(Host.DATA, 0)
                        .dword(10, Cns.CONTROLLER)
                        .run()
                        .status())
                .isEqualTo(Status.SUCCESS);
        assertThat(host.data(4096).get(ValueLayout.JAVA_SHORT, 78)).isEqualTo((short) 7);
    }

    @Test
    void writeThenRead() {
        host.data(512).fill((byte) 0x5a);
        assertThat(write().run().status()).isEqualTo(Status.SUCCESS);
        host.data(512).fill((byte) 0);
        assertThat(read().run().status()).isEqualTo(Status.SUCCESS);
        assertThat(host.data(512).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0x5a);
    }

    @Test
    void completionComesAfterTheData() {
        host.messages.automatic = false;
        host.volume.media.fill((byte) 1);
        read().submit();
        host.step();
        host.messages.deliver();
        host.step();
        assertThat(host.data(512).get(ValueLayout.JAVA_BYTE, 0)).isZero();
        assertThat(host.messages.waiting).as("the data").hasSize(1);
        host.messages.deliver();
        assertThat(host.data(512).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
        assertThat(host.poll(host.io)).isNull();
        host.messages.deliver();
        assertThat(host.next(host.io).status()).isEqualTo(Status.SUCCESS);
    }

    @Test
    void listsAreFetched() {
        long list = Host.DATA + 64 * 4096L;
        for (int i = 0; i < 63; i++) {
            host.ram.set(ValueLayout.JAVA_LONG, list - Host.BASE + i * 8L, Host.DATA + (i + 1) * 4096L);
        }
        host.data(64 * 4096L).fill((byte) 9);
        assertThat(host.io(IoOpcode.WRITE)
                        .blocks(0, 512, Host.DATA)
                        .dptr(Host.DATA, list)
                        .run()
                        .status())
                .isEqualTo(Status.SUCCESS);
        assertThat(host.volume.media.asSlice(0, 512 * 512).toArray(ValueLayout.JAVA_BYTE))
                .containsOnly(9);
    }

    @Test
    void listsOutsideMemory() {
        assertThat(host.io(IoOpcode.WRITE)
                        .blocks(0, 512, Host.DATA)
                        .dptr(Host.DATA, 0x7000_0000L)
                        .run()
                        .status())
                .isEqualTo(Status.DATA_TRANSFER_ERROR);
    }

    @Test
    void errorsAreNotPrecededByData() {
        int writes = host.messages.writes;
        assertThat(host.io(IoOpcode.READ).blocks(1 << 20, 1, Host.DATA).run().status())
                .isEqualTo(Status.LBA_OUT_OF_RANGE);
        assertThat(host.messages.writes - writes).as("the completion alone").isEqualTo(1);
    }

    @Test
    void moreCommandsThanStages() {
        Host.Pair wide = new Host.Pair(2, 128);
        wide.sq = Host.BASE + 512 * 4096L;
        wide.cq = Host.BASE + 640 * 4096L;
        host.createPair(wide);
        host.messages.automatic = false;
        for (int i = 0; i < 100; i++) {
            host.new Entry(wide, i % 2 == 0 ? IoOpcode.READ : IoOpcode.COMPARE)
                    .nsid(1)
                    .blocks(i, 1, Host.DATA)
                    .put();
        }
        host.ring(wide);
        for (int i = 0; i < 200; i++) {
            host.step();
            host.messages.deliver();
        }
        IntStream.range(0, 100)
                .forEach(i -> assertThat(host.next(wide).status()).isEqualTo(Status.SUCCESS));
        assertThat(host.poll(wide)).isNull();
    }

    @Test
    void resetWhileDataIsOnItsWay() {
        host.messages.automatic = false;
        for (int i = 0; i < 15; i++) {
            read().put();
        }
        host.ring(host.io);
        host.step();
        host.messages.deliver();
        host.step();
        int writes = host.messages.writes;
        host.disable();
        host.messages.deliver();
        host.messages.deliver();
        assertThat(host.messages.writes).as("nothing begins any more").isEqualTo(writes);
        assertThat(host.register(Registers.CSTS)).isZero();
        host.messages.automatic = true;
        host.enable();
        host.createPair(host.io);
        for (int i = 0; i < 40; i++) {
            assertThat(read().run().status()).isEqualTo(Status.SUCCESS);
        }
    }

    @Test
    void resetWithCommandsInLineForStages() {
        Host.Pair wide = new Host.Pair(2, 64);
        host.createPair(wide);
        host.messages.automatic = false;
        for (int i = 0; i < 40; i++) {
            host.new Entry(wide, IoOpcode.WRITE).nsid(1).blocks(i, 1, Host.DATA).put();
        }
        host.ring(wide);
        host.step();
        host.messages.deliver();
        host.step();
        int reads = host.messages.reads;
        host.disable();
        assertThat(host.messages.reads).as("those in line do not begin").isEqualTo(reads);
        host.messages.deliver();
        host.messages.deliver();
        assertThat(host.volume.operations).isEmpty();
        host.messages.automatic = true;
        host.enable();
        host.createPair(host.io);
        for (int i = 0; i < 40; i++) {
            assertThat(write().run().status()).isEqualTo(Status.SUCCESS);
        }
    }

    @Test
    void namespaceThatLeavesBeforeTheDataIsThere() {
        host.messages.automatic = false;
        write().submit();
        host.step();
        host.messages.deliver();
        host.step();
        host.controller.namespaces().detach(1);
        host.messages.deliver();
        host.messages.deliver();
        host.messages.automatic = true;
        host.step();
        assertThat(host.next(host.io).status()).isEqualTo(Status.INVALID_FIELD);
        assertThat(host.volume.operations).doesNotContain(Io.WRITE);
    }

    @Test
    void queueThatCannotBeReadStopsTheController() {
        host.messages.automatic = false;
        read().submit();
        host.step();
        host.messages.waiting.clear();
        host.memory.unmap(Host.BASE, host.ram.byteSize());
        host.admin(AdminOpcode.KEEP_ALIVE).submit();
        host.step();
        assertThat(host.fatal()).isTrue();
    }

    @Test
    void doorbellBuffersNeedMappedMemory() {
        assertThat(host.admin(AdminOpcode.DOORBELL_BUFFER_CONFIG)
                        .dptr(Host.DATA, Host.DATA + 4096)
                        .run()
                        .status())
                .isEqualTo(Status.INVALID_FIELD);
    }

    @Test
    void completionsWaitForBusMastering() {
        host.messages.automatic = false;
        host.volume.media.fill((byte) 1);
        host.volume.asynchronous = true;
        read().submit();
        host.step();
        host.messages.deliver();
        host.step();
        host.controller.busMaster(false);
        int writes = host.messages.writes;
        host.volume.completeOne();
        host.step();
        assertThat(host.messages.writes).isEqualTo(writes);
        host.controller.busMaster(true);
        host.messages.automatic = true;
        host.step();
        assertThat(host.next(host.io).status()).isEqualTo(Status.SUCCESS);
        assertThat(host.data(512).get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
    }
}
