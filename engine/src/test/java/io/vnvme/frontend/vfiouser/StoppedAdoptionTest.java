package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.devicestate.DeviceStateReader;
import io.vnvme.devicestate.Section;
import io.vnvme.memory.KeptMemory;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Functions that are stopped, or about to be, when their process ends. */
class StoppedAdoptionTest extends EndingProcesses {
    private static final long MEMORY = 0x10_0000;
    private static final int QUEUE_BYTES = 0x1000;

    @Test
    void whatIsStoppedStaysSoUntilItIsLetGoOn() {
        connectToAController();
        sendState(MigrationCommands.STATE_STOP_COPY);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        for (int i = 0; i < 2; i++) {
            another();
            assertThat(controllers.getLast().standstill().reached()).isTrue();
            assertThat(state()).as("what was to be read is not known any more").isEqualTo(MigrationCommands.STATE_STOP);
        }
        sendState(MigrationCommands.STATE_RUNNING);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        assertThat(controllers.getLast().standstill().begun()).isFalse();
        another();
        assertThat(state()).isEqualTo(MigrationCommands.STATE_RUNNING);
    }

    @Test
    void whatWaitsForItsDriveIsNotStopped() {
        connectToAController();
        serve(holder.held());
        reactors.getLast().doWork();
        MovingDevice moving = moving();
        assertThatThrownBy(() -> moving.freeze(Duration.ofSeconds(1))).isInstanceOf(IllegalStateException.class);
        resumes.removeLast().run();
        assertThat(state()).isEqualTo(MigrationCommands.STATE_RUNNING);
    }

    private void assertRefused(int command) {
        assertThat(receive()).isEqualTo(Header.SIZE);
        assertThat(Header.command(message)).isEqualTo(command);
        assertThat(Header.failed(message)).isTrue();
    }

    /** Tail of the admin queue that the host has stored. */
    private static int doorbell(byte[] stream) {
        Section queue = new DeviceStateReader(stream).only(3);
        queue.getBytes(32);
        return queue.getInt();
    }

    /** The message is read; whether the controller has come to rest is looked at in the next pass. */
    private void untilStopping() {
        for (int i = 0; !controllers.getLast().standstill().begun(); i++) {
            assertThat(i).isLessThan(20);
            reactors.getLast().doWork();
        }
    }

    @Test
    void whatIsAboutToStopIsStopped() {
        connectToAController();
        sendState(MigrationCommands.STATE_STOP);
        untilStopping();
        another();
        assertOneAnswer(Wire.DEVICE_FEATURE);
        assertThat(state()).isEqualTo(MigrationCommands.STATE_STOP);
    }

    /** A controller whose guest memory is reached by messages alone, with one admin command rung. */
    private void ringACommand() {
        connectToAController();
        map(MEMORY, 2 * QUEUE_BYTES);
        assertOneAnswer(Wire.DMA_MAP);
        sendCommandRegister(6);
        assertOneAnswer(Wire.REGION_WRITE);
        int[][] writes = {
            {Registers.AQA, 7 | 7 << 16},
            {Registers.ASQ, (int) MEMORY},
            {Registers.ASQ + 4, 0},
            {Registers.ACQ, (int) MEMORY + QUEUE_BYTES},
            {Registers.ACQ + 4, 0},
            {Registers.CC, 1 | 6 << 16 | 4 << 20}
        };
        for (int[] write : writes) {
            sendWrite(write[0], write[1]);
            assertOneAnswer(Wire.REGION_WRITE);
        }
        sendWrite(Bar0.DOORBELLS, 1);
        assertThat(receive()).isEqualTo(Header.SIZE + 20 - 4);
        assertRequest(Wire.DMA_READ);
    }

    /** The next message is one of the device's. */
    private void assertRequest(int command) {
        assertThat(receive()).isPositive();
        assertThat(Header.type(message)).isEqualTo(Header.TYPE_COMMAND);
        assertThat(Header.command(message)).isEqualTo(command);
    }

    /** Answers the device's message that was received last. */
    private void answer(int dataBytes) {
        int size = Header.SIZE + 16 + dataBytes;
        Header.write(message, Header.id(message), Header.command(message), size, Header.TYPE_REPLY, 0);
        client().send(message, 0, size);
    }

    private void answerWithACommand() {
        MemorySegment entry = body().asSlice(16, Sqe.SIZE);
        entry.fill((byte) 0);
        entry.set(Wire.INT, 0, Sqe.head(AdminOpcode.KEEP_ALIVE, 0, 0, 9));
        answer(Sqe.SIZE);
    }

    @Test
    void aCompletionThatWasOnItsWayComesBeforeTheStop() {
        ringACommand();
        answerWithACommand();
        assertRequest(Wire.DMA_WRITE);
        sendState(MigrationCommands.STATE_STOP_COPY);
        untilStopping();
        another();
        assertRequest(Wire.DMA_WRITE);
        assertThat(body().get(Wire.LONG, 0)).isEqualTo(MEMORY + QUEUE_BYTES);
        assertThat(body().get(ValueLayout.JAVA_SHORT, 16 + 12)).isEqualTo((short) 9);
        answer(0);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        assertThat(state()).isEqualTo(MigrationCommands.STATE_STOP_COPY);
    }

    @Test
    void aCommandThatWasInFlightIsDoneBeforeTheStop() {
        ringACommand();
        answerWithACommand();
        assertRequest(Wire.DMA_WRITE);
        sendState(MigrationCommands.STATE_STOP);
        untilStopping();
        try (KeptMemory kept =
                new KeptMemory(Controller.KEPT, controllers.getLast().stateFd().duplicate()) {}) {
            // As it was between the mark in its slot and the entry: docs/formats/controller-state.md.
            kept.setLong(0x10000 + 1024 * 64, 3L << 62);
            kept.setLong(0x3000 + 32, 0);
            another();
        }
        assertRequest(Wire.DMA_WRITE);
        assertThat(body().get(ValueLayout.JAVA_SHORT, 16 + 12)).isEqualTo((short) 9);
        answer(0);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        sendState(MigrationCommands.STATE_STOP_COPY);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        assertThat(state()).isEqualTo(MigrationCommands.STATE_STOP_COPY);
    }

    @Test
    void aStopThatFailedIsAnsweredWhereverTheProcessEnded() {
        ringACommand();
        sendState(MigrationCommands.STATE_STOP);
        untilStopping();
        try (ConnectionState kept = holder.state()) {
            long published = kept.getLong(ConnectionState.PUBLISHED);
            nowNs += 10_000_000_000L;
            step();
            assertThat(kept.getInt(ConnectionState.MIGRATION)).isZero();
            // It ended before the answer was on its way.
            takeBackSent(kept);
            assertThat(Header.failed(message)).isTrue();
            kept.setLong(ConnectionState.PUBLISHED, published);
            another();
        }
        assertOneAnswer(Wire.DEVICE_FEATURE);
        assertThat(state()).as("as was answered").isEqualTo(MigrationCommands.STATE_STOP);
    }

    @Test
    void whatTheDaemonHasStoppedIsNotItsClients() {
        connectToAController();
        MovingDevice moving = moving();
        CompletableFuture<Boolean> stopped = moving.beginFreeze(Duration.ofSeconds(1));
        sendState(MigrationCommands.STATE_STOP);
        assertRefused(Wire.DEVICE_FEATURE);
        assertThat(stopped).isCompletedWithValue(true);
        byte[] stream = moving.state();
        assertThat(moving.frozen()).isTrue();
        for (int i = 0; i < 2; i++) {
            assertThat(state()).isEqualTo(MigrationCommands.STATE_STOP);
            sendState(MigrationCommands.STATE_RUNNING);
            assertRefused(Wire.DEVICE_FEATURE);
            send(Wire.DEVICE_RESET, 0, 0);
            assertRefused(Wire.DEVICE_RESET);
            assertThat(controllers.getLast().standstill().reached()).isTrue();
            another();
        }
        assertThat(moving().state()).hasSameSizeAs(stream);
        moving().thaw();
        assertThat(state()).isEqualTo(MigrationCommands.STATE_RUNNING);
        send(Wire.DEVICE_RESET, 0, 0);
        assertOneAnswer(Wire.DEVICE_RESET);
    }

    @Test
    void whatIsAskedOfAClientIsNotAskedOfAnother() {
        connectToAController();
        body().set(Wire.INT, 0, 20);
        body().set(Wire.INT, 4, Request.SetIrqs.DATA_NONE | Request.SetIrqs.TRIGGER);
        body().set(Wire.INT, 8, IrqTable.REQUEST);
        body().set(Wire.INT, 12, 0);
        body().set(Wire.INT, 16, 1);
        send(Wire.DEVICE_SET_IRQS, 0, 20);
        assertOneAnswer(Wire.DEVICE_SET_IRQS);
        CompletableFuture<Boolean> stopped = moving().beginFreeze(Duration.ofSeconds(1));
        step();
        assertThat(stopped).isCompletedWithValue(true);
        Section interrupts = new DeviceStateReader(moving().state()).only(6);
        for (int vectors : new int[] {1, 32, 65}) {
            assertThat(interrupts.getInt()).isEqualTo(vectors);
            assertThat(interrupts.getBytes(vectors)).containsOnly(0);
        }
        interrupts.end();
    }

    @Test
    void whatItsClientHasStoppedIsNotTheDaemons() {
        connectToAController();
        sendState(MigrationCommands.STATE_STOP);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        for (int i = 0; i < 2; i++) {
            MovingDevice moving = moving();
            assertThat(moving.frozen()).isFalse();
            assertThatThrownBy(moving::thaw).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(moving::state).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> moving.load(new byte[0])).isInstanceOf(IllegalStateException.class);
            another();
        }
        send(Wire.DEVICE_RESET, 0, 0);
        assertOneAnswer(Wire.DEVICE_RESET);
        assertThat(state()).isEqualTo(MigrationCommands.STATE_RUNNING);
    }

    @Test
    void aDoorbellThatIsRungWhileItIsStoppedIsNotLost() {
        ringACommand();
        answerWithACommand();
        assertRequest(Wire.DMA_WRITE);
        answer(0);
        step();
        CompletableFuture<Boolean> stopped = moving().beginFreeze(Duration.ofSeconds(1));
        step();
        assertThat(stopped).isCompletedWithValue(true);
        another();
        sendWrite(Bar0.DOORBELLS, 2);
        assertThat(receive()).isPositive();
        assertThat(receive()).isZero();
        moving().thaw();
        assertRequest(Wire.DMA_READ);
        assertThat(body().get(Wire.LONG, 0)).isEqualTo(MEMORY + Sqe.SIZE);
    }

    /** The guest is paused, and what its processors have rung lies in the socket. */
    @Test
    void whatWasRungBeforeGoesAlong() {
        ringACommand();
        answerWithACommand();
        assertRequest(Wire.DMA_WRITE);
        answer(0);
        step();
        sendWrite(Bar0.DOORBELLS, 2);
        CompletableFuture<Boolean> stopped = moving().beginFreeze(Duration.ofSeconds(1));
        moving().connection.poll(nowNs += 1_000_000);
        assertThat(stopped).isCompletedWithValue(true);
        assertThat(doorbell(moving().state())).isEqualTo(2);
        sendWrite(Bar0.DOORBELLS, 3);
        assertThat(doorbell(moving().state())).isEqualTo(3);
    }

    @Test
    void whatWasBecomingAnotherIsOfNoUseUntilItIsReset() {
        connectToAController();
        sendState(MigrationCommands.STATE_RESUMING);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        another();
        assertThat(state()).isEqualTo(MigrationCommands.STATE_ERROR);
        sendState(MigrationCommands.STATE_RUNNING);
        assertThat(receive()).isEqualTo(Header.SIZE);
        assertThat(Header.failed(message)).isTrue();
        send(Wire.DEVICE_RESET, 0, 0);
        assertOneAnswer(Wire.DEVICE_RESET);
        assertThat(state()).isEqualTo(MigrationCommands.STATE_RUNNING);
    }
}
