package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Status;
import io.vnvme.os.Fd;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A process ends at some instruction of a command's life, and another goes on from the controller's state. */
class AdoptionTest {
    private final Host host = Host.ready();

    /** Between which two stores the process ended. */
    enum Cut {
        SLOT_MARKED,
        FETCHED,
        COMPLETING,
        COMPLETION_WRITTEN,
        POSTED,
        FREED;

        /** Whether the command has to be carried out again. */
        boolean again() {
            return compareTo(COMPLETION_WRITTEN) < 0;
        }
    }

    @AfterEach
    void close() {
        host.close();
    }

    /** Takes back the stores after the cut of the last command of a pair, which has completed and was alone. */
    private void cut(Host.Pair pair, Cut cut) {
        ControllerState state = host.controller.state();
        long fetchedAt = ControllerState.submissionQueue(pair.id) + ControllerState.SQ_FETCHED;
        long postedAt = ControllerState.completionQueue(pair.id) + ControllerState.CQ_POSTED;
        long number = state.getLong(fetchedAt) - 1;
        long posted = state.getLong(postedAt) - 1;
        int index = (int) (posted % pair.entries);
        long word = ControllerState.IN_FLIGHT | number;
        if (cut.compareTo(Cut.COMPLETING) >= 0) {
            word |= ControllerState.COMPLETING | (long) index << ControllerState.COMPLETION_INDEX_SHIFT;
        }
        state.setLong(ControllerState.slotWord(pair.id, 0), cut == Cut.FREED ? 0 : word);
        if (cut.compareTo(Cut.POSTED) < 0) {
            state.setLong(postedAt, posted);
        }
        if (cut.again()) {
            int phase = (posted / pair.entries & 1) == 0 ? 0 : 1;
            host.ram.asSlice(pair.cq - Host.BASE + index * 16L, 16).fill((byte) 0);
            host.ram.set(ValueLayout.JAVA_SHORT, pair.cq - Host.BASE + index * 16L + 14, (short) phase);
        }
        if (cut == Cut.SLOT_MARKED) {
            state.setLong(fetchedAt, number);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCommandCompletesOnceWhereverTheProcessEnded(Cut cut) {
        // More than once around the rings.
        for (int round = 0; round < 40; round++) {
            host.ram.set(ValueLayout.JAVA_LONG, Host.DATA - Host.BASE, 0x1234 + round);
            int cid = host.io(IoOpcode.WRITE).blocks(round, 1, Host.DATA).submit();
            host.step();
            host.raised.clear();
            int before = host.volume.operations.size();
            cut(host.io, cut);
            host.adopt();
            Host.Answer answer = host.next(host.io);
            assertThat(answer.cid()).isEqualTo(cid);
            assertThat(answer.status()).isEqualTo(Status.SUCCESS);
            assertThat(host.volume.operations).hasSize(before + (cut.again() ? 1 : 0));
            assertThat(host.volume.media.get(ValueLayout.JAVA_LONG, round * 512L))
                    .isEqualTo(0x1234 + round);
            assertThat(host.raised).as("the interrupt may not have been sent").contains(1);
            assertThat(host.poll(host.io)).as("a second completion").isNull();
        }
    }

    /** Each would be refused if it were carried out again: the key is another one by then, or there is no registration. */
    @ParameterizedTest
    @EnumSource
    void reservationsAreMadeAndGivenUpOnce(Cut cut) {
        Host.Entry[] entries = {
            reservation(IoOpcode.RESERVATION_REGISTER, 0),
            reservation(IoOpcode.RESERVATION_REGISTER, 2),
            reservation(IoOpcode.RESERVATION_ACQUIRE, 1 << 8),
            reservation(IoOpcode.RESERVATION_REGISTER, 2),
            reservation(IoOpcode.RESERVATION_RELEASE, 1 << 8),
            reservation(IoOpcode.RESERVATION_REGISTER, 1)
        };
        int[] generations = {1, 2, 2, 3, 3, 4};
        long key = 0x70;
        for (int i = 0; i < entries.length; i++) {
            boolean other = i == 0 || i == 1 || i == 3;
            host.ram.set(ValueLayout.JAVA_LONG, Host.DATA - Host.BASE, key);
            host.ram.set(ValueLayout.JAVA_LONG, Host.DATA - Host.BASE + 8, other ? ++key : 0);
            entries[i].submit();
            host.step();
            cut(host.io, cut);
            host.adopt();
            assertThat(host.next(host.io).status()).as("command %d", i).isEqualTo(Status.SUCCESS);
            Reservations now = host.reservations();
            assertThat(now.generation()).isEqualTo(generations[i]);
            assertThat(now.type()).isEqualTo(i == 2 || i == 3 ? Reservations.WRITE_EXCLUSIVE : Reservations.NONE);
            assertThat(now.registrants()).hasSize(i == 5 ? 0 : 1);
        }
    }

    /** Another controller's command, or one of another time, is not taken for the one that was done. */
    @Test
    void aReservationCommandThatWasNotDoneIs() {
        host.ram.set(ValueLayout.JAVA_LONG, Host.DATA - Host.BASE + 8, 7L);
        assertThat(reservation(IoOpcode.RESERVATION_REGISTER, 0).run().status()).isEqualTo(Status.SUCCESS);
        long fetched = ControllerState.submissionQueue(1) + ControllerState.SQ_FETCHED;
        ReservationMemory.Cause cause = new ReservationMemory.Cause(
                host.controller.controllerId(), 1, host.controller.state().getLong(fetched) - 1);
        assertThat(host.reservations().madeBy(cause)).isTrue();
        host.adopt();
        assertThat(host.reservations().madeBy(cause)).isTrue();
        assertThat(host.reservations().registrants()).hasSize(1);
        host.disable();
        host.step();
        assertThat(host.reservations().madeBy(cause))
                .as("the queue counts anew")
                .isFalse();
        host.adopt();
        assertThat(host.reservations().madeBy(cause)).isFalse();
        assertThat(host.reservations().registrants())
                .as("a host without identifier")
                .isEmpty();
    }

    private Host.Entry reservation(int opcode, int dword10) {
        return host.io(opcode).dword(10, dword10).dptr(Host.DATA, 0);
    }

    @ParameterizedTest
    @EnumSource
    void queuesAreMadeAndDeletedOnce(Cut cut) {
        Host.Pair second = new Host.Pair(2, 8);
        host.fresh(second);
        Host.Entry[] entries = {
            host.admin(AdminOpcode.CREATE_CQ)
                    .dptr(second.cq, 0)
                    .dword(10, 2 | 7 << 16)
                    .dword(11, 3 | 2 << 16),
            host.admin(AdminOpcode.CREATE_SQ)
                    .dptr(second.sq, 0)
                    .dword(10, 2 | 7 << 16)
                    .dword(11, 1 | 2 << 16),
            host.admin(AdminOpcode.DELETE_SQ).dword(10, 2),
            host.admin(AdminOpcode.DELETE_CQ).dword(10, 2)
        };
        for (int i = 0; i < entries.length; i++) {
            entries[i].submit();
            host.step();
            cut(host.admin, cut);
            host.adopt();
            assertThat(host.next(host.admin).status()).isEqualTo(Status.SUCCESS);
            if (i == 1) {
                Host.Answer read = host.new Entry(second, IoOpcode.READ)
                        .nsid(1)
                        .blocks(0, 1, Host.DATA)
                        .run();
                assertThat(read.status()).isEqualTo(Status.SUCCESS);
            }
        }
        assertThat(host.controller.submissionQueue(2)).isNull();
        assertThat(host.controller.completionQueue(2)).isNull();
    }

    @Test
    void theWriteOfAFusedPairIsNotComparedAgain() {
        host.volume.media.set(ValueLayout.JAVA_INT, 0, 1);
        host.ram.set(ValueLayout.JAVA_INT, Host.DATA - Host.BASE, 1);
        host.ram.set(ValueLayout.JAVA_INT, Host.DATA - Host.BASE + 4096, 2);
        host.volume.asynchronous = true;
        int compare = host.io(IoOpcode.COMPARE).fuse(1).blocks(0, 1, Host.DATA).put();
        int write =
                host.io(IoOpcode.WRITE).fuse(2).blocks(0, 1, Host.DATA + 4096).submit();
        host.step();
        host.volume.completeOne();
        Host.Answer first = host.next(host.io);
        assertThat(first.cid()).isEqualTo(compare);
        assertThat(first.status()).isEqualTo(Status.SUCCESS);
        // The write is with the volume, which carries it out; that it did is not known any more.
        host.volume.doUnseen();
        assertThat(host.volume.media.get(ValueLayout.JAVA_INT, 0)).isEqualTo(2);
        host.adopt();
        host.step();
        host.volume.completeAll();
        Host.Answer second = host.next(host.io);
        assertThat(second.cid()).isEqualTo(write);
        assertThat(second.status()).isEqualTo(Status.SUCCESS);
        assertThat(host.volume.operations).containsExactly(Io.READ, Io.WRITE, Io.WRITE);
    }

    @Test
    void aFusedPairThatWasNotComparedIsDoneAsOne() {
        host.volume.asynchronous = true;
        host.io(IoOpcode.COMPARE).fuse(1).blocks(0, 1, Host.DATA).put();
        host.io(IoOpcode.WRITE).fuse(2).blocks(0, 1, Host.DATA).submit();
        host.step();
        host.volume.doUnseen();
        host.adopt();
        for (int i = 0; i < 2; i++) {
            host.step();
            host.volume.completeAll();
            assertThat(host.next(host.io).status()).isEqualTo(Status.SUCCESS);
        }
        assertThat(host.volume.operations).containsExactly(Io.READ, Io.READ, Io.WRITE);
    }

    @Test
    void eventRequestsAndEventsStay() {
        host.admin(AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.ASYNC_EVENT_CONFIG)
                .dword(11, 1 << 8)
                .run();
        int cid = host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        host.step();
        host.adopt();
        assertThat(host.poll(host.admin)).as("nothing has happened").isNull();
        host.controller.namespaces().changed(1);
        Host.Answer event = host.next(host.admin);
        assertThat(event.cid()).isEqualTo(cid);
        assertThat(event.result()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
        // Reported, and not read: the type is masked, and the list is still to be read.
        host.controller.namespaces().changed(1);
        host.admin(AdminOpcode.ASYNC_EVENT_REQUEST).submit();
        host.step();
        host.adopt();
        assertThat(host.poll(host.admin)).isNull();
        host.admin(AdminOpcode.GET_LOG_PAGE)
                .dword(10, LogPageId.CHANGED_NAMESPACES | 1023 << 16)
                .dptr(Host.DATA, 0)
                .run();
        assertThat(host.ram.get(ValueLayout.JAVA_INT, Host.DATA - Host.BASE)).isEqualTo(1);
        host.controller.namespaces().changed(1);
        assertThat(host.next(host.admin).result()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
    }

    @Test
    void aListOfChangesThatMayNotHaveArrivedIsReadAgain() {
        host.controller.namespaces().changed(1);
        host.admin(AdminOpcode.GET_LOG_PAGE)
                .dword(10, LogPageId.CHANGED_NAMESPACES | 1023 << 16)
                .dptr(Host.DATA, 0)
                .submit();
        host.step();
        cut(host.admin, Cut.FETCHED);
        host.ram.set(ValueLayout.JAVA_INT, Host.DATA - Host.BASE, 0);
        host.adopt();
        assertThat(host.next(host.admin).status()).isEqualTo(Status.SUCCESS);
        assertThat(host.ram.get(ValueLayout.JAVA_INT, Host.DATA - Host.BASE)).isEqualTo(1);
    }

    @Test
    void featuresAndRegistersStay() {
        host.admin(AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.TEMPERATURE_THRESHOLD)
                .dword(11, 340)
                .run();
        host.admin(AdminOpcode.SET_FEATURES)
                .dword(10, FeatureId.INTERRUPT_VECTOR_CONFIG)
                .dword(11, 40 | 1 << 16)
                .run();
        int cc = host.register(Registers.CC);
        host.adopt();
        assertThat(host.register(Registers.CC)).isEqualTo(cc);
        assertThat(host.controller.ready()).isTrue();
        assertThat(host.admin(AdminOpcode.GET_FEATURES)
                        .dword(10, FeatureId.TEMPERATURE_THRESHOLD)
                        .run()
                        .result())
                .isEqualTo(340);
        assertThat(host.admin(AdminOpcode.GET_FEATURES)
                        .dword(10, FeatureId.INTERRUPT_VECTOR_CONFIG)
                        .dword(11, 40)
                        .run()
                        .result())
                .isEqualTo(40 | 1 << 16);
    }

    @Test
    void shadowDoorbellsGoOn() {
        long shadow = Host.DATA + 8 * 4096;
        long events = Host.DATA + 9 * 4096;
        host.admin(AdminOpcode.DOORBELL_BUFFER_CONFIG).dptr(shadow, events).run();
        for (int i = 1; i <= 5; i++) {
            host.io(IoOpcode.FLUSH).put();
            host.ram.set(ValueLayout.JAVA_INT, shadow - Host.BASE + 8, host.io.tail);
            host.adopt();
            assertThat(host.next(host.io).status()).isEqualTo(Status.SUCCESS);
            host.ram.set(ValueLayout.JAVA_INT, shadow - Host.BASE + 12, host.io.head);
        }
    }

    @Test
    void aResetThatWasUnderWayEnds() {
        ControllerState state = host.controller.state();
        state.setInt(ControllerState.CC, state.getInt(ControllerState.CC) & ~1);
        host.adopt();
        host.step();
        assertThat(host.register(Registers.CSTS)).isZero();
        host.enable();
        assertThat(host.controller.ready()).isTrue();
    }

    @Test
    void queuesThatWereBeingClearedAreFatalToThisControllerAlone() {
        host.controller.state().setInt(ControllerState.submissionQueue(0) + ControllerState.QUEUE_VALID, 0);
        host.adopt();
        assertThat(host.fatal()).isTrue();
        host.disable();
        host.step();
        host.enable();
        assertThat(host.controller.ready()).isTrue();
    }

    @Test
    void stateOfAnotherVersionIsRefused() {
        Fd fd = host.controller.stateFd().duplicate();
        host.controller.state().setInt(8, ControllerState.VERSION + 1);
        assertThatThrownBy(() -> new ControllerState(fd))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("version 3");
        assertThat(fd.number()).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyCommandsEachCompleteOnce(boolean byMessages) {
        try (Host many = byMessages ? readyByMessages() : Host.ready()) {
            Random random = new Random(byMessages ? 11 : 7);
            Set<Integer> under = new HashSet<>();
            many.volume.asynchronous = true;
            for (int i = 0; i < 3000; i++) {
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        if (under.size() < 14) {
                            under.add(many.io(IoOpcode.WRITE)
                                    .blocks(random.nextInt(100), 1, Host.DATA)
                                    .submit());
                        }
                    }
                    case 2, 3 -> many.volume.completeAny(random);
                    case 4 -> {
                        Host.Answer answer = many.poll(many.io);
                        if (answer != null) {
                            assertThat(answer.status()).isEqualTo(Status.SUCCESS);
                            assertThat(under.remove(answer.cid())).isTrue();
                        }
                    }
                    default -> {
                        many.volume.pending.clear();
                        many.messages.waiting.clear();
                        many.adopt();
                    }
                }
                if (random.nextBoolean()) {
                    many.step();
                }
            }
            while (!under.isEmpty()) {
                many.step();
                many.volume.completeAll();
                assertThat(under.remove(many.next(many.io).cid())).isTrue();
            }
        }
    }

    private static Host readyByMessages() {
        Host host = Host.byMessages();
        host.controller.namespaces().attach(host.namespace(1));
        host.enable();
        host.createPair(host.io);
        return host;
    }
}
