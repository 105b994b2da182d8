package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.handover.Held;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.Memfd;
import io.vnvme.os.NativeException;
import io.vnvme.os.UnixSocket;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections whose processes end. */
class ConnectionAdoptionTest extends EndingProcesses {
    @Test
    void anotherVersionOfTheStateIsRefusedBeforeAnybodyTakesIt() {
        step();
        try (Held held = holder.held();
                ConnectionState state = holder.state()) {
            // That of a fake device is none.
            held.names("").stream()
                    .filter(name -> name.endsWith(PciFunction.CONTROLLER))
                    .forEach(name -> held.take(name).ifPresent(Fd::close));
            assertThat(VfioUserEndpoint.refusal(held)).isEmpty();
            state.setInt(8, ConnectionState.LAYOUT.version() + 1);
            assertThat(VfioUserEndpoint.refusal(held))
                    .contains("vnvme-connection is of version %d, and this program reads version %d"
                            .formatted(ConnectionState.LAYOUT.version() + 1, ConnectionState.LAYOUT.version()));
            state.setInt(8, ConnectionState.LAYOUT.version());
        }
    }

    @Test
    void whereNobodyCanListenWhatIsHeldStaysWithTheCaller() {
        step();
        try (Held held = holder.held();
                UnixSocket there = UnixSocket.listen(folder.resolve("s2"), 1)) {
            int count = held.names("").size();
            assertThat(count).isPositive();
            assertThatThrownBy(() -> serve(held)).isInstanceOf(NativeException.class);
            assertThat(held.names("")).hasSize(count);
            assertThat(there.fd().number()).isNotNegative();
        }
        reactors.removeLast().close();
    }

    @Test
    void aMessageInPiecesGoesOn() {
        body().set(Wire.LONG, 0, 0x14);
        body().set(Wire.INT, 8, Wire.REGION_BAR0);
        body().set(Wire.INT, 12, 4);
        body().set(Wire.INT, 16, 5);
        Header.write(message, 1, Wire.REGION_WRITE, Header.SIZE + 20, 0, 0);
        int[] pieces = {7, 9, 3, 12, 5};
        int sent = 0;
        for (int piece : pieces) {
            client().send(message, sent, piece);
            sent += piece;
            step();
            another();
        }
        assertThat(sent).isEqualTo(Header.SIZE + 20);
        assertThat(devices).filteredOn(d -> d.calls.contains("write 14 5")).hasSize(1);
        assertOneAnswer(Wire.REGION_WRITE);
    }

    @Test
    void whatWasAppliedAndNotAnsweredIsDoneAgainAndAnsweredOnce() {
        device().killedBy = new Killed();
        sendWrite(0x14, 1);
        untilKilled();
        another();
        assertThat(device().calls).containsOnlyOnce("write 14 1");
        assertOneAnswer(Wire.REGION_WRITE);
        sendWrite(0x14, 2);
        assertOneAnswer(Wire.REGION_WRITE);
    }

    @ParameterizedTest
    @CsvSource({"true,false", "false,true", "true,true"})
    void whatIsAnsweredIsSentOnce(boolean notForgotten, boolean notSent) {
        sendWrite(0x14, 1);
        step();
        try (ConnectionState state = holder.state()) {
            if (notForgotten) {
                takeBackDone(state);
            }
            if (notSent) {
                takeBackSent(state);
            }
            another();
        }
        assertThat(device().calls).doesNotContain("write 14 1");
        assertOneAnswer(Wire.REGION_WRITE);
        sendWrite(0x14, 2);
        assertOneAnswer(Wire.REGION_WRITE);
    }

    @Test
    void memoryAndInterruptsGoOnAndComeOnce() {
        try (Fd memory = Memfd.create("guest", 1 << 20);
                EventFd vector = EventFd.create()) {
            for (String end : new String[] {"fd.0", "file.0."}) {
                holder.endsAt = end;
                map(0x1000, 1 << 20, memory.number());
                untilKilled();
                another();
                assertOneAnswer(Wire.DMA_MAP);
                assertThat(memories.getLast().find(0x1000)).isNotNull();
                body().set(Wire.INT, 0, 24);
                body().set(Wire.INT, 4, 0);
                body().set(Wire.LONG, 8, 0x1000);
                body().set(Wire.LONG, 16, 1 << 20);
                send(Wire.DMA_UNMAP, 0, 24);
                assertOneAnswer(Wire.DMA_UNMAP);
            }
            map(0x1000, 1 << 20, memory.number());
            assertOneAnswer(Wire.DMA_MAP);
            holder.endsAt = "irq.2.3.";
            body().set(Wire.INT, 0, 20);
            body().set(Wire.INT, 4, 1 << 2 | 1 << 5);
            body().set(Wire.INT, 8, IrqTable.MSIX);
            body().set(Wire.INT, 12, 3);
            body().set(Wire.INT, 16, 1);
            send(Wire.DEVICE_SET_IRQS, 0, 20, vector.fd().number());
            untilKilled();
            another();
            assertOneAnswer(Wire.DEVICE_SET_IRQS);
            another();
            assertThat(memories.getLast().find(0x1000)).isNotNull();
            assertThat(holder.fds.keySet())
                    .anyMatch(name -> name.endsWith("/irq.2.3."))
                    .noneMatch(name -> name.contains("/fd."));
        }
    }

    @Test
    void anOwedReplyIsPaidOnce() {
        device().quiescent = false;
        send(Wire.DEVICE_RESET, 0, 0);
        step();
        assertThat(receive()).isZero();
        another();
        assertOneAnswer(Wire.DEVICE_RESET);
        another();
        assertThat(receive()).isZero();
    }

    @Test
    void configurationSpaceAndNoteStay() {
        sendCommandRegister(6);
        assertOneAnswer(Wire.REGION_WRITE);
        try (ConnectionState state = holder.state()) {
            state.note("first");
            state.note("second");
        }
        another();
        assertThat(device().calls).contains("bus master true");
        try (ConnectionState state = holder.state()) {
            assertThat(state.note()).isEqualTo("second");
        }
        body().set(Wire.LONG, 0, PciConfig.COMMAND);
        body().set(Wire.INT, 8, Wire.REGION_CONFIG);
        body().set(Wire.INT, 12, 2);
        send(Wire.REGION_READ, 0, 16);
        assertThat(receive()).isPositive();
        assertThat(body().get(ValueLayout.JAVA_SHORT, 16)).isEqualTo((short) 6);
    }
}
