package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.handover.Held;
import io.vnvme.memory.KeptMemory;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.ReservationMemory;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.Memfd;
import io.vnvme.pool.KeptChanges;
import java.lang.foreign.ValueLayout;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a daemon of the next version may have left. */
class KeptFormatsTest {
    private static final String POOL = "pool/" + UUID.randomUUID();
    private static final String CONTROLLER = "pci/" + UUID.randomUUID() + "/5f/controller";

    private static Fd memory(KeptMemory.Layout layout, int version) {
        Fd fd = Memfd.create("test", layout.sizeBytes());
        try (Mapping header = Mapping.shared(fd, 0, 4096, true)) {
            header.segment().set(ValueLayout.JAVA_LONG, 0, layout.magic());
            header.segment().set(ValueLayout.JAVA_INT, 8, version);
        }
        return fd;
    }

    private static Held held(int changes, int controller) {
        Held held = new Held();
        held.add("key/" + UUID.randomUUID(), memory(HeldKeys.LAYOUT, HeldKeys.LAYOUT.version()));
        held.add(
                "reservations/" + UUID.randomUUID(),
                memory(ReservationMemory.LAYOUT, ReservationMemory.LAYOUT.version()));
        held.add(POOL, memory(KeptChanges.LAYOUT, changes));
        held.add(CONTROLLER, memory(Controller.KEPT, controller));
        held.add(CONTROLLER.replace("controller", "socket"), Memfd.create("anything", 4096));
        held.add("ram/" + UUID.randomUUID(), Memfd.create("anything", 4096));
        return held;
    }

    @Test
    void whatThisProgramLeavesItTakesUp() {
        try (Held held = held(KeptChanges.LAYOUT.version(), Controller.KEPT.version())) {
            assertThat(KeptFormats.refusal(held)).isEmpty();
        }
    }

    @Test
    void changesOfAPoolOfANewerVersionAreRefused() {
        int version = KeptChanges.LAYOUT.version() + 1;
        try (Held held = held(version, Controller.KEPT.version())) {
            assertThat(KeptFormats.refusal(held))
                    .contains("vnvme-changes is of version %d, and this program reads version %d"
                            .formatted(version, version - 1));
            assertThat(held.names("")).as("nothing is taken").hasSize(6);
        }
    }

    @Test
    void reservationsOfANewerVersionAreRefused() {
        int version = ReservationMemory.LAYOUT.version() + 1;
        try (Held held = held(KeptChanges.LAYOUT.version(), Controller.KEPT.version())) {
            held.add("reservations/" + UUID.randomUUID(), memory(ReservationMemory.LAYOUT, version));
            assertThat(KeptFormats.refusal(held))
                    .contains("vnvme-reservations is of version %d, and this program reads version %d"
                            .formatted(version, version - 1));
        }
    }

    @Test
    void aControllerOfANewerVersionIsRefused() {
        int version = Controller.KEPT.version() + 1;
        try (Held held = held(KeptChanges.LAYOUT.version(), version)) {
            assertThat(KeptFormats.refusal(held))
                    .contains("vnvme-controller is of version %d, and this program reads version %d"
                            .formatted(version, version - 1));
        }
    }
}
