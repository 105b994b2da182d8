package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Vm;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Drives that come to running guests and leave them: by namespace with the controller parked, and by true unplugging. */
@Tag("guest")
class HotplugIT {
    private static final String[] TROUBLE = {"I/O error", "timeout", "controller is down", "WARNING", "BUG:"};

    @Test
    void drivesComeGoAndChangeGuests() throws InterruptedException {
        try (Engine engine = new Engine("hotplug")) {
            Export parked = engine.export("PARKED1", 128);
            Export pulled = engine.export("PULLED1", 128, true);
            try (Vm first = engine.vm("first").start();
                    Vm second = engine.vm("second").start()) {
                parkAndReturn(first, parked);
                unplugAndMove(first, second, pulled);
                bothAtOnce(first, second, parked, pulled);
                for (Vm vm : List.of(first, second)) {
                    assertThat(vm.sh("dmesg")).doesNotContain(TROUBLE);
                }
            }
        }
    }

    /** The way that is safe on every QEMU: the controller stays, its namespace goes and comes. */
    private static void parkAndReturn(Vm vm, Export export) {
        vm.hotplug(export.socket(), "vnvme-parked", 0);
        GuestDrive drive = GuestDrive.await(vm, export.serial());
        drive.writeAndVerify(16);
        drive.fill(16, "parked");
        for (int round = 0; round < 3; round++) {
            export.detachNamespace();
            GuestDrive.awaitGone(vm, export.serial());
            assertThat(vm.sh("lspci -d ::0108")).isNotEmpty();
            export.attachNamespace();
            drive = GuestDrive.await(vm, export.serial());
            drive.holds(16, "parked");
        }
    }

    /** The true way, for a device with MSI: the function leaves the guest, and the guest's connection ends. */
    private static void unplugAndMove(Vm first, Vm second, Export export) throws InterruptedException {
        for (int round = 0; round < 2; round++) {
            first.hotplug(export.socket(), "vnvme-pulled", 1);
            GuestDrive drive = GuestDrive.await(first, export.serial());
            assertThat(first.sh("lspci -vv -d ::0108")).contains("MSI: Enable+");
            drive.fill(16, "round-" + round);
            first.unplug("vnvme-pulled");
            export.awaitDeparture();
            GuestDrive.awaitGone(first, export.serial());
        }
        second.hotplug(export.socket(), "vnvme-pulled", 0);
        GuestDrive drive = GuestDrive.await(second, export.serial());
        drive.holds(16, "round-1");
        drive.fileSystem();
    }

    private static void bothAtOnce(Vm first, Vm second, Export ofFirst, Export ofSecond) {
        GuestDrive one = GuestDrive.await(first, ofFirst.serial());
        GuestDrive two = GuestDrive.await(second, ofSecond.serial());
        one.startLoad(32, 32);
        two.startLoad(32, 32);
        one.fill(16, "one");
        two.fill(16, "two");
        one.holds(16, "one");
        two.holds(16, "two");
        one.stopLoad();
        two.stopLoad();
    }
}
