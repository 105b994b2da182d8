package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.Status;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The state machine of reservations, with three hosts: a holder, another registrant, and one that is neither. */
class ReservationsTest {
    private static final long KEY_A = 0xa;
    private static final long KEY_B = 0xb;

    private final Subsystem subsystem = new Subsystem("nqn.2026-01.io.vnvme:unit", "S1", "unit", "1");
    private final Host hostA = new Host(false, subsystem, 1);
    private final Host hostB = new Host(false, subsystem, 2);
    private final Host hostC = new Host(false, subsystem, 3);
    private final Namespace namespace = hostA.namespace(1);
    private final Reservations reservations = namespace.reservations();
    private final Controller a = hostA.controller;
    private final Controller b = hostB.controller;
    private final Controller c = hostC.controller;

    @BeforeEach
    void attach() {
        long id = 100;
        for (Host host : List.of(hostA, hostB, hostC)) {
            host.controller.namespaces().attach(namespace);
            host.enable();
            host.identify(++id, 0);
        }
        assertThat(reservations.register(a, KEY_A)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.register(b, KEY_B)).isEqualTo(Status.SUCCESS);
    }

    @AfterEach
    void close() {
        List.of(hostA, hostB, hostC).forEach(Host::close);
    }

    private static int notices(Host host) {
        return host.controller.reservationLog().count();
    }

    @ParameterizedTest
    @CsvSource({
        // type, may another registrant read, write, may a stranger read, write
        "1, true, false, true, false",
        "2, false, false, false, false",
        "3, true, true, true, false",
        "4, true, true, false, false",
        "5, true, true, true, false",
        "6, true, true, false, false",
    })
    void whoMayDoWhat(int type, boolean read, boolean write, boolean strangerReads, boolean strangerWrites) {
        assertThat(reservations.acquire(a, KEY_A, type)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.conflictsWithRead(a)).isFalse();
        assertThat(reservations.conflictsWithWrite(a)).isFalse();
        assertThat(!reservations.conflictsWithRead(b)).isEqualTo(read);
        assertThat(!reservations.conflictsWithWrite(b)).isEqualTo(write);
        assertThat(!reservations.conflictsWithRead(c)).isEqualTo(strangerReads);
        assertThat(!reservations.conflictsWithWrite(c)).isEqualTo(strangerWrites);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void acquiring(int type) {
        assertThat(reservations.acquire(c, 0, type)).as("not registered").isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(reservations.acquire(a, KEY_B, type)).as("wrong key").isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(reservations.acquire(a, KEY_A, type)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.acquire(a, KEY_A, type)).as("again").isEqualTo(Status.SUCCESS);
        assertThat(reservations.acquire(a, KEY_A, type == 1 ? 2 : 1))
                .as("as another type")
                .isEqualTo(Status.RESERVATION_CONFLICT);
        boolean all = type >= 5;
        assertThat(reservations.acquire(b, KEY_B, type)).isEqualTo(all ? Status.SUCCESS : Status.RESERVATION_CONFLICT);
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "3, 1", "4, 1", "5, 1", "6, 1"})
    void releasing(int type, int told) {
        reservations.acquire(a, KEY_A, type);
        assertThat(reservations.release(c, 0, type, true)).as("a stranger").isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(reservations.release(a, KEY_B, type, false)).isEqualTo(Status.RESERVATION_CONFLICT);
        if (type < 5) {
            assertThat(reservations.release(b, KEY_B, type, false))
                    .as("not the holder")
                    .isEqualTo(Status.SUCCESS);
            assertThat(reservations.held()).isTrue();
        }
        assertThat(reservations.release(a, KEY_A, type % 6 + 1, false))
                .as("type")
                .isEqualTo(Status.INVALID_FIELD);
        int generation = reservations.generation();
        assertThat(reservations.release(a, KEY_A, type, false)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.held()).isFalse();
        assertThat(reservations.generation()).isEqualTo(generation);
        assertThat(notices(hostA)).isZero();
        assertThat(notices(hostB)).isEqualTo(told);
        assertThat(notices(hostC)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1, false, 0", "2, false, 0", "3, false, 1", "4, false, 1", "5, true, 0", "6, true, 0"})
    void unregisteringTheHolder(int type, boolean staysHeld, int told) {
        reservations.acquire(a, KEY_A, type);
        assertThat(reservations.unregister(a, KEY_B, false)).isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(reservations.unregister(a, KEY_B, true)).as("key ignored").isEqualTo(Status.SUCCESS);
        assertThat(reservations.held()).isEqualTo(staysHeld);
        assertThat(notices(hostB)).isEqualTo(told);
        reservations.unregister(b, KEY_B, false);
        assertThat(reservations.held()).isFalse();
        assertThat(reservations.registrants()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void preemptingTheHolder(int type) {
        reservations.acquire(a, KEY_A, type);
        assertThat(reservations.preempt(c, 0, KEY_A, 1)).as("a stranger").isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(reservations.preempt(b, KEY_B, 0, 1)).as("no key").isEqualTo(Status.INVALID_FIELD);
        assertThat(reservations.preempt(b, KEY_B, 0x99, 1)).as("no such key").isEqualTo(Status.RESERVATION_CONFLICT);
        int generation = reservations.generation();
        assertThat(reservations.preempt(b, KEY_B, KEY_A, 2)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.type()).isEqualTo(2);
        assertThat(reservations.conflictsWithWrite(b)).isFalse();
        assertThat(reservations.conflictsWithWrite(a)).isTrue();
        assertThat(reservations.registrants()).hasSize(1);
        assertThat(reservations.generation()).isEqualTo(generation + 1);
        assertThat(notices(hostA)).as("registration preempted").isEqualTo(1);
        assertThat(notices(hostB)).isZero();
    }

    @Test
    void preemptingARegistrantThatHoldsNothing() {
        reservations.acquire(a, KEY_A, 1);
        assertThat(reservations.preempt(a, KEY_A, KEY_B, 2)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.type()).as("unchanged").isEqualTo(1);
        assertThat(reservations.registrants()).hasSize(1);
        assertThat(notices(hostB)).isEqualTo(1);
    }

    @Test
    void holderChangesTheTypeByPreemptingItself() {
        reservations.acquire(a, KEY_A, 1);
        assertThat(reservations.preempt(a, KEY_A, KEY_A, 3)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.type()).isEqualTo(3);
        assertThat(reservations.registrants()).hasSize(2);
        assertThat(notices(hostB)).as("the old one was released").isEqualTo(1);
    }

    @Test
    void preemptingAReservationOfAll() {
        reservations.acquire(a, KEY_A, 5);
        assertThat(reservations.preempt(b, KEY_B, 0, 2))
                .as("key 0 means all others")
                .isEqualTo(Status.SUCCESS);
        assertThat(reservations.type()).isEqualTo(2);
        assertThat(reservations.registrants()).hasSize(1);
        assertThat(notices(hostA)).isEqualTo(1);
    }

    @Test
    void preemptingOneOfAll() {
        reservations.acquire(a, KEY_A, 6);
        assertThat(reservations.preempt(b, KEY_B, KEY_A, 1)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.type()).as("unchanged").isEqualTo(6);
        assertThat(reservations.conflictsWithRead(a)).isTrue();
    }

    @Test
    void preemptingWithoutAReservationUnregistersAllWithTheKey() {
        assertThat(reservations.register(c, KEY_B)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.preempt(a, KEY_A, KEY_B, 1)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.held()).isFalse();
        assertThat(reservations.registrants()).hasSize(1);
        assertThat(notices(hostB)).isEqualTo(1);
        assertThat(notices(hostC)).isEqualTo(1);
    }

    @Test
    void clearing() {
        reservations.acquire(a, KEY_A, 4);
        assertThat(reservations.clear(c, 0, true)).isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(reservations.clear(b, KEY_B, false)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.held()).isFalse();
        assertThat(reservations.registrants()).isEmpty();
        assertThat(notices(hostA)).isEqualTo(1);
        assertThat(notices(hostB)).isZero();
    }

    @Test
    void registeringAgain() {
        int generation = reservations.generation();
        assertThat(reservations.register(a, KEY_A)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.generation()).isEqualTo(generation + 1);
        assertThat(reservations.register(a, KEY_B)).as("another key").isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(reservations.replace(a, KEY_B, 5, false)).isEqualTo(Status.RESERVATION_CONFLICT);
        assertThat(reservations.replace(a, KEY_A, 5, false)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.acquire(a, 5, 1)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.replace(c, 0, 5, true)).as("not registered").isEqualTo(Status.RESERVATION_CONFLICT);
    }

    @Test
    void registrationsOfANamedHostOutliveAReset() {
        reservations.acquire(a, KEY_A, 1);
        hostA.disable();
        assertThat(reservations.held()).isTrue();
        hostA.enable();
        assertThat(reservations.conflictsWithWrite(a)).as("not named yet").isTrue();
        hostA.identify(101, 0);
        assertThat(reservations.conflictsWithWrite(a)).isFalse();
    }

    @Test
    void registrationsOfAnUnnamedHostEndWithAReset() {
        hostC.disable();
        hostC.enable();
        assertThat(reservations.register(c, 0xc)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.acquire(c, 0xc, 3)).isEqualTo(Status.SUCCESS);
        hostC.disable();
        assertThat(reservations.held()).isFalse();
        assertThat(reservations.registrants()).hasSize(2);
        assertThat(notices(hostA)).isEqualTo(1);
    }

    @Test
    void aMaskedNoticeIsNone() {
        reservations.notificationMask(b, 1 << ReservationLog.RESERVATION_RELEASED);
        reservations.acquire(a, KEY_A, 3);
        reservations.release(a, KEY_A, 3, false);
        assertThat(notices(hostB)).isZero();
    }

    @Test
    void aControllerThatIsGoneIsNotTold() {
        reservations.acquire(a, KEY_A, 3);
        hostB.close();
        assertThat(reservations.release(a, KEY_A, 3, false)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.registrants())
                .as("a named host stays registered")
                .hasSize(2);
    }
}
