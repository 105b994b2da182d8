package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.nvme.wire.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reservations that outlive a power loss: what is kept of them, and what they are afterwards. */
class ReservationImageTest {
    private static final long KEY_A = 0xa;
    private static final long KEY_B = 0xb;

    private final Subsystem subsystem = new Subsystem("nqn.2026-01.io.vnvme:unit", "S1", "unit", "1");
    private final Host hostA = new Host(false, subsystem, 1);
    private final Host hostB = new Host(false, subsystem, 2);
    private final Namespace namespace = hostA.namespace(1);
    private final Namespace after = hostA.namespace(2);
    private final Reservations reservations = namespace.reservations();
    private final Controller a = hostA.controller;
    private final Controller b = hostB.controller;

    @BeforeEach
    void attach() {
        for (Host host : List.of(hostA, hostB)) {
            host.controller.namespaces().attach(namespace);
            host.controller.namespaces().attach(after);
            host.enable();
        }
        hostA.identify(101, 5);
        hostB.identify(102, 6);
        assertThat(reservations.register(a, KEY_A)).isEqualTo(Status.SUCCESS);
        assertThat(reservations.register(b, KEY_B)).isEqualTo(Status.SUCCESS);
    }

    @AfterEach
    void close() {
        hostA.close();
        hostB.close();
    }

    private Reservations restored() {
        after.reservations().restore(reservations.image());
        return after.reservations();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void allIsAsBefore(int type) {
        if (type != 0) {
            reservations.acquire(b, KEY_B, type);
        }
        reservations.persistent(true);
        Reservations then = restored();
        assertThat(then.persistent()).isTrue();
        assertThat(then.type()).isEqualTo(type);
        assertThat(then.generation()).isEqualTo(reservations.generation());
        assertThat(then.registrants()).isEqualTo(reservations.registrants());
        for (Controller controller : List.of(a, b)) {
            assertThat(then.conflictsWithRead(controller)).isEqualTo(reservations.conflictsWithRead(controller));
            assertThat(then.conflictsWithWrite(controller)).isEqualTo(reservations.conflictsWithWrite(controller));
        }
    }

    @Test
    void withoutPersistenceNothingIsKept() {
        reservations.acquire(a, KEY_A, 1);
        assertThat(reservations.image()).isEmpty();
    }

    @Test
    void aHostWithoutAnIdentifierIsNotKept() {
        Host unnamed = new Host(false, subsystem, 3);
        try {
            unnamed.controller.namespaces().attach(namespace);
            unnamed.enable();
            reservations.register(unnamed.controller, 0xc);
            reservations.acquire(unnamed.controller, 0xc, 1);
            reservations.persistent(true);
            Reservations then = restored();
            assertThat(then.held()).isFalse();
            assertThat(then.registrants()).hasSize(2);
        } finally {
            unnamed.close();
        }
    }

    /** As many as can be kept, and one beside them that is not. */
    @Test
    void nothingIsKeptThatCouldNotBeRead() {
        List<Host> hosts = new ArrayList<>();
        try {
            Host unnamed = shown(hosts, 3);
            assertThat(reservations.register(unnamed.controller, 3)).isEqualTo(Status.SUCCESS);
            for (int i = 2; i < Reservations.PERSISTENT_MAX; i++) {
                Host host = shown(hosts, i + 2);
                host.identify(100 + i, i);
                assertThat(reservations.register(host.controller, i)).isEqualTo(Status.SUCCESS);
            }
            assertThat(reservations.persistent(true)).isTrue();
            Host tooMany = shown(hosts, 100);
            tooMany.identify(200, 1);
            assertThat(reservations.register(tooMany.controller, 1)).isEqualTo(Status.RESERVATION_CONFLICT);
            assertThat(restored().registrants()).hasSize(Reservations.PERSISTENT_MAX);
        } finally {
            hosts.forEach(Host::close);
        }
    }

    private Host shown(List<Host> hosts, int controllerId) {
        Host host = new Host(false, subsystem, controllerId);
        hosts.add(host);
        host.controller.namespaces().attach(namespace);
        host.enable();
        return host;
    }

    @Test
    void lastControllerGoneEndsOnlyWhatDoesNotPersist() {
        reservations.acquire(a, KEY_A, 1);
        reservations.persistent(true);
        a.namespaces().detach(1);
        b.namespaces().detach(1);
        assertThat(reservations.held()).isTrue();
        reservations.persistent(false);
        a.namespaces().attach(namespace);
        a.namespaces().detach(1);
        assertThat(reservations.held()).isFalse();
        assertThat(reservations.registrants()).isEmpty();
    }

    @Test
    void whatIsNoImageIsRefused() {
        reservations.acquire(a, KEY_A, 1);
        reservations.persistent(true);
        byte[] image = reservations.image();
        assertThat(image.length).isLessThanOrEqualTo(Reservations.IMAGE_BYTES_MAX);
        for (int length = 0; length < image.length; length++) {
            byte[] cut = Arrays.copyOf(image, length);
            assertThatThrownBy(() -> after.reservations().restore(cut)).isInstanceOf(IllegalArgumentException.class);
        }
        for (int[] wrong : new int[][] {{0, 2}, {1, 7}, {2, 9}, {8, 2}}) {
            byte[] damaged = image.clone();
            damaged[wrong[0]] = (byte) wrong[1];
            assertThatThrownBy(() -> after.reservations().restore(damaged))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void changesAreTakenOnce() {
        assertThat(reservations.takeChanged()).isTrue();
        assertThat(reservations.takeChanged()).isFalse();
        reservations.acquire(a, KEY_A, 1);
        assertThat(reservations.takeChanged()).isTrue();
        reservations.acquire(a, KEY_A, 1);
        assertThat(reservations.takeChanged()).as("nothing changed").isFalse();
        reservations.release(a, KEY_A, 1, false);
        assertThat(reservations.takeChanged()).isTrue();
    }
}
