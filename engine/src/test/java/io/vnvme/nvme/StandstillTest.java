package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.devicestate.DeviceStateReader;
import io.vnvme.devicestate.DeviceStateWriter;
import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A controller comes to rest, goes on, or becomes another one. */
class StandstillTest {
    private final Host host = Host.ready();

    @AfterEach
    void close() {
        host.close();
    }

    private void rest() {
        Standstill standstill = host.controller.standstill();
        standstill.begin();
        host.step();
        host.volume.completeAll();
        host.step();
        assertThat(standstill.drained()).isTrue();
        standstill.reach();
    }

    private byte[] state() {
        DeviceStateWriter out = new DeviceStateWriter();
        host.controller.standstill().image().write(out);
        return out.finish();
    }

    private static ControllerImage image(byte[] stream) {
        DeviceStateReader in = new DeviceStateReader(stream);
        ControllerImage image = ControllerImage.read(in);
        in.end();
        return image;
    }

    /** Another controller of the same guest memory becomes what this one is. */
    private void move() {
        byte[] stream = state();
        host.replace();
        rest();
        host.controller.standstill().load(image(stream));
        host.controller.standstill().end();
    }

    @Test
    void nothingIsFetchedAndWhatIsRungIsNotLost() {
        host.volume.asynchronous = true;
        int begun = host.io(IoOpcode.READ).blocks(0, 1, Host.DATA).submit();
        host.step();
        host.controller.standstill().begin();
        int later = host.io(IoOpcode.READ).blocks(1, 1, Host.DATA).submit();
        assertThat(host.poll(host.io)).isNull();
        assertThat(host.controller.standstill().settled()).isFalse();
        assertThatThrownBy(host.controller.standstill()::reach).isInstanceOf(IllegalStateException.class);
        host.volume.completeAll();
        assertThat(host.next(host.io).cid()).isEqualTo(begun);
        assertThat(host.controller.standstill().drained()).isTrue();
        host.controller.standstill().reach();
        assertThat(host.poll(host.io)).isNull();
        assertThat(host.volume.operations).hasSize(1);
        host.controller.standstill().end();
        host.step();
        host.volume.completeAll();
        assertThat(host.next(host.io).cid()).isEqualTo(later);
    }

    /** As a monitor rings that cannot map the doorbells. */
    @Test
    void whatIsRungOfAQueueThatIsLoadedIsNotLost() {
        rest();
        byte[] stream = state();
        host.replace();
        host.controller.trapDoorbells();
        rest();
        host.controller.standstill().load(image(stream));
        int cid = host.io(IoOpcode.FLUSH).put();
        host.register(Registers.DOORBELLS + 2 * 8, 1);
        host.register(Registers.DOORBELLS + 8, host.io.tail);
        host.controller.standstill().end();
        assertThat(host.next(host.io).cid()).isEqualTo(cid);
        assertThat(host.page.get(ValueLayout.JAVA_INT, 2 * 8))
                .as("there is no queue 2")
                .isZero();
    }

    @Test
    void anEventThatComesMeanwhileIsToldLater() {
        host.admin(AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.ASYNC_EVENT_CONFIG)
                .dword(11, 1 << 8)
                .run();
        int cid = host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        host.step();
        rest();
        host.controller.namespaces().changed(1);
        assertThat(host.poll(host.admin)).isNull();
        host.controller.standstill().end();
        Host.Answer event = host.next(host.admin);
        assertThat(event.cid()).isEqualTo(cid);
        assertThat(event.result()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
    }

    @Test
    void anotherControllerGoesOnWithQueuesFeaturesAndEventRequests() {
        host.admin(AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.ASYNC_EVENT_CONFIG)
                .dword(11, 1 << 8)
                .run();
        host.identify(5, 6);
        int request = host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        for (int i = 0; i < 21; i++) {
            assertThat(host.io(IoOpcode.WRITE).blocks(i, 1, Host.DATA).run().status())
                    .isEqualTo(Status.SUCCESS);
        }
        rest();
        int rung = host.io(IoOpcode.FLUSH).submit();
        move();
        assertThat(host.controller.controllerId()).isEqualTo(7);
        assertThat(host.next(host.io).cid()).as("rung while it stood still").isEqualTo(rung);
        assertThat(host.raised).contains(1);
        for (int i = 0; i < 40; i++) {
            assertThat(host.io(IoOpcode.READ).blocks(i, 1, Host.DATA).run().status())
                    .isEqualTo(Status.SUCCESS);
        }
        host.admin(AdminOpcode.GET_FEATURES)
                .dptr(Host.DATA, 0)
                .dword(10, FeatureId.HOST_IDENTIFIER)
                .dword(11, 1)
                .run();
        assertThat(host.data(8).get(ValueLayout.JAVA_LONG, 0)).isEqualTo(5);
        host.controller.namespaces().changed(1);
        Host.Answer event = host.next(host.admin);
        assertThat(event.cid()).isEqualTo(request);
        assertThat(event.result()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
    }

    @Test
    void whatWaitsInItsSlotIsDoneThere() {
        // The first half of a fused pair, whose second half has not come.
        int compare = host.io(IoOpcode.COMPARE).fuse(1).blocks(0, 1, Host.DATA).submit();
        host.step();
        rest();
        move();
        assertThat(host.poll(host.io)).isNull();
        int write = host.io(IoOpcode.WRITE).fuse(2).blocks(0, 1, Host.DATA).submit();
        assertThat(host.next(host.io).cid()).isEqualTo(compare);
        assertThat(host.next(host.io).cid()).isEqualTo(write);
        assertThat(host.volume.operations).containsExactly(Io.READ, Io.WRITE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatWaitsForAnotherGuestsBlocksGoesOnOrGoesAlong(boolean moves) {
        host.volume.asynchronous = true;
        try (Host other = new Host(false, host.controller.subsystem(), 8)) {
            other.controller.namespaces().attach(host.attached());
            other.enable();
            other.step();
            other.createPair(other.io);
            other.io(IoOpcode.COMPARE).fuse(1).blocks(0, 1, Host.DATA).put();
            other.io(IoOpcode.WRITE).fuse(2).blocks(0, 1, Host.DATA).submit();
            other.step();
            int cid = host.io(IoOpcode.WRITE).blocks(0, 1, Host.DATA).submit();
            host.step();
            Standstill standstill = host.controller.standstill();
            standstill.begin();
            host.step();
            assertThat(standstill.drained()).isFalse();
            assertThat(standstill.settled()).as("no drive has it").isTrue();
            standstill.reach();
            byte[] stream = state();
            for (int i = 0; i < 2; i++) {
                host.volume.completeAll();
                other.step();
                host.step();
            }
            assertThat(host.volume.operations).as("the pair alone").containsExactly(Io.READ, Io.WRITE);
            if (moves) {
                host.replace();
                rest();
                host.controller.standstill().load(image(stream));
            }
            host.controller.standstill().end();
            host.step();
            host.volume.completeAll();
            assertThat(host.next(host.io).cid()).isEqualTo(cid);
            assertThat(host.volume.operations).containsExactly(Io.READ, Io.WRITE, Io.WRITE);
            assertThat(host.poll(host.io)).isNull();
        }
    }

    @Test
    void whatEndedWithoutBusMasteringIsToldAfterIt() {
        host.volume.asynchronous = true;
        int cid = host.io(IoOpcode.READ).blocks(0, 1, Host.DATA).submit();
        host.step();
        host.controller.busMaster(false);
        rest();
        host.controller.busMaster(true);
        assertThat(host.poll(host.io))
                .as("a completion of a controller that stands still")
                .isNull();
        host.controller.standstill().end();
        assertThat(host.next(host.io).cid()).isEqualTo(cid);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aShutdownThatIsAskedForMeanwhileBeginsAfterIt(boolean moves) {
        rest();
        host.register(Registers.CC, host.register(Registers.CC) | 1 << 14);
        assertThat(host.register(Registers.CSTS) & Registers.CSTS_SHST_MASK).isZero();
        assertThat(host.volume.operations).isEmpty();
        if (moves) {
            byte[] stream = state();
            host.replace();
            rest();
            host.controller.standstill().load(image(stream));
        }
        host.controller.standstill().end();
        assertThat(host.volume.operations).containsExactly(Io.FLUSH);
        assertThat(host.register(Registers.CSTS) & Registers.CSTS_SHST_MASK).isEqualTo(Registers.CSTS_SHST_COMPLETE);
    }

    @Test
    void namespacesThatBecomeOthersBeforeItGoesOnHaveChanged() {
        host.admin(AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.ASYNC_EVENT_CONFIG)
                .dword(11, 1 << 8)
                .run();
        int cid = host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        host.step();
        rest();
        byte[] stream = state();
        host.replace();
        rest();
        host.controller.standstill().load(image(stream));
        host.controller.namespaces().attach(host.namespace(2));
        host.controller.standstill().end();
        Host.Answer event = host.next(host.admin);
        assertThat(event.cid()).isEqualTo(cid);
        assertThat(event.result()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
        assertThat(host.controller.namespaces().changedSet().stream()).containsExactly(2);
    }

    @Test
    void theIdentifierOfAnotherControllerStaysItsOwn() {
        Subsystem subsystem = host.controller.subsystem();
        rest();
        byte[] stream = state();
        host.replace();
        // It has no namespaces.
        try (Host other = new Host(false, subsystem, 7)) {
            rest();
            host.controller.standstill().load(image(stream));
            assertThat(host.controller.controllerId()).isEqualTo(9);
            assertThat(other.controller.controllerId()).isEqualTo(7);
        }
        host.controller.standstill().load(image(stream));
        assertThat(host.controller.controllerId()).isEqualTo(7);
        for (int i = 0; i < 9; i++) {
            assertThat(subsystem.nextControllerId()).isNotEqualTo(7);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0x208, 0x1f, power management",
        "0x258, 2, host behavior",
        "0x320, 0x10000, temperature",
        "0x314, 0x10000, timestamp",
        "0x480, 0x100, masked events",
        "0x488, 1, changed namespaces",
        "0x498, 2, changed namespaces",
    })
    void numbersThatAHostCannotSetAreRefused(int offset, int value, String why) {
        rest();
        ControllerImage image = host.controller.standstill().image();
        DeviceStateWriter out = new DeviceStateWriter();
        image.write(out);
        byte[] stream = withField(out.finish(), offset, value);
        assertThatThrownBy(() -> image(stream))
                .isInstanceOf(DeviceStateException.class)
                .hasMessageContaining(why);
    }

    /** The same state, with a number in the section of the controller that is another one. */
    private static byte[] withField(byte[] stream, int offset, int value) {
        ByteBuffer in = ByteBuffer.wrap(stream).order(ByteOrder.LITTLE_ENDIAN);
        DeviceStateWriter out = new DeviceStateWriter();
        for (int at = 16; in.getInt(at) != -1; at += 16 + in.getInt(at + 4)) {
            byte[] body = new byte[in.getInt(at + 4)];
            in.get(at + 16, body);
            if (in.getInt(at) == 2) {
                ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN).putInt(12 + offset - 0x100, value);
            }
            out.section(in.getInt(at));
            out.putBytes(MemorySegment.ofArray(body));
        }
        return out.finish();
    }

    @Test
    void aHostWithoutAnIdentifierIsKnownByItsControllers() {
        rest();
        move();
        assertThat(host.controller.features().host()).isEqualTo(new Reservations.Host(7, -1));
    }

    @Test
    void shadowDoorbellsCountOn() {
        long shadow = Host.BASE + 900 * 4096L;
        host.admin(AdminOpcode.DOORBELL_BUFFER_CONFIG)
                .dptr(shadow, shadow + 4096)
                .run();
        rest();
        move();
        int cid = host.io(IoOpcode.FLUSH).put();
        host.ram.set(ValueLayout.JAVA_INT, shadow - Host.BASE + 8, host.io.tail);
        assertThat(host.next(host.io).cid()).isEqualTo(cid);
    }

    @Test
    void aDisabledControllerIsOneThereToo() {
        host.disable();
        host.step();
        rest();
        byte[] stream = state();
        host.replace();
        host.enable();
        host.step();
        rest();
        host.controller.standstill().load(image(stream));
        host.controller.standstill().end();
        assertThat(host.register(Registers.CC) & 1).isZero();
        assertThat(host.register(Registers.CSTS)).isZero();
        host.enable();
        host.createPair(host.io);
        assertThat(host.io(IoOpcode.FLUSH).run().status()).isEqualTo(Status.SUCCESS);
    }

    @Test
    void oneThatHasShutDownOrFailedIsSoThereToo() {
        host.register(Registers.CC, host.register(Registers.CC) | 1 << 14);
        host.step();
        rest();
        move();
        assertThat(host.register(Registers.CSTS) & Registers.CSTS_SHST_MASK).isEqualTo(Registers.CSTS_SHST_COMPLETE);
        assertThat(host.io(IoOpcode.FLUSH).run().status()).isEqualTo(Status.SUCCESS);
        host.controller.fatal("for a test");
        rest();
        move();
        assertThat(host.fatal()).isTrue();
        assertThat(host.controller.failure()).isNotNull();
    }

    @Test
    void aShutdownThatIsUnderWayIsWaitedFor() {
        host.volume.asynchronous = true;
        host.register(Registers.CC, host.register(Registers.CC) | 1 << 14);
        host.step();
        host.controller.standstill().begin();
        assertThat(host.controller.standstill().settled()).isFalse();
        host.volume.completeAll();
        assertThat(host.controller.standstill().settled()).isTrue();
    }

    @Test
    void theStateOfAnotherDriveIsRefusedAndNothingIsTouched() {
        rest();
        byte[] stream = state();
        host.controller.standstill().end();
        host.controller.namespaces().detach(1);
        host.controller.namespaces().attach(host.namespace(2));
        rest();
        assertThatThrownBy(() -> host.controller.standstill().load(image(stream)))
                .isInstanceOf(DeviceStateException.class)
                .hasMessageContaining("namespace 1")
                .hasMessageContaining("namespace 2");
        host.controller.standstill().end();
        assertThat(host.admin(AdminOpcode.KEEP_ALIVE).run().status()).isEqualTo(Status.SUCCESS);
    }

    @Test
    void eventRequestsAreManyMovesOld() {
        for (int i = 0; i < AsyncEvents.REQUESTS_MAX; i++) {
            host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        }
        host.step();
        for (int i = 0; i < 10; i++) {
            rest();
            move();
            host.step();
            assertThat(host.io(IoOpcode.FLUSH).run().status()).isEqualTo(Status.SUCCESS);
        }
        assertThat(host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).run().status()).isEqualTo(Status.ASYNC_EVENT_LIMIT);
    }
}
