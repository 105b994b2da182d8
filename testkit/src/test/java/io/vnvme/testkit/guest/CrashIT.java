package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.testkit.lab.Vm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A VM that is killed harms no other, and leaves nothing behind in the engine. */
@Tag("guest")
class CrashIT {
    @Test
    void killedUnderLoadWhileAnotherWorks() throws InterruptedException {
        try (Engine engine = new Engine("crash")) {
            Export killed = engine.export("KILLED1", 64);
            Export witness = engine.export("WITNESS1", 64);
            try (Vm other = engine.vm("witness").drive(witness.socket()).start()) {
                GuestDrive steady = GuestDrive.await(other, witness.serial());
                steady.startLoad(0, 32);
                Held before = Held.now();
                for (int round = 0; round < 3; round++) {
                    try (Vm vm = engine.vm("killed").drive(killed.socket()).start()) {
                        GuestDrive drive = GuestDrive.await(vm, killed.serial());
                        drive.startLoad(0, 32);
                        vm.kill9();
                        killed.awaitDeparture();
                    }
                    await().atMost(Duration.ofSeconds(30))
                            .until(() -> Held.now().equals(before));
                }
                steady.stopLoad();
                steady.writeAndVerify(16);
                assertThat(other.sh("dmesg")).doesNotContain("I/O error", "timeout", "controller is down");
            }
        }
    }

    /** What this process holds of guests: descriptors of sockets, memory and events, and mappings of guest memory. */
    private record Held(long descriptors, long mappings) {
        static Held now() {
            try (var files = Files.list(Path.of("/proc/self/fd"));
                    var maps = Files.lines(Path.of("/proc/self/maps"))) {
                long descriptors = files.filter(Held::ofGuests).count();
                return new Held(
                        descriptors,
                        maps.filter(line -> line.contains("memfd:")).count());
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        private static boolean ofGuests(Path descriptor) {
            try {
                String target = Files.readSymbolicLink(descriptor).toString();
                return target.startsWith("/memfd:") || target.contains("eventfd") || target.startsWith("socket:");
            } catch (IOException e) {
                // Closed between the listing and the look.
                return false;
            }
        }
    }
}
