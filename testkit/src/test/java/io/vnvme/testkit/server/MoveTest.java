package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.qos.Limits;
import io.vnvme.testkit.client.MigrationClient;
import io.vnvme.testkit.client.VfioUserClient;
import io.vnvme.testkit.client.VfioUserException;
import io.vnvme.testkit.client.Wire;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.EnableOptions;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.GuestRam;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.server.MovableDevice.Reach;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A guest's drive goes from one daemon's hands to another's, in use. */
class MoveTest {
    private static final long RAM_BYTES = 32 << 20;
    private static final UUID VOLUME = new UUID(3, 4);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    private final RamDrive drive = RamDrive.create("moving", 64 << 20);
    private final List<AutoCloseable> open = new ArrayList<>();
    private int sides;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        drive.close();
    }

    private <T extends AutoCloseable> T closing(T each) {
        open.add(each);
        return each;
    }

    private MovingSide side(boolean msi) {
        return side(msi, VOLUME);
    }

    private MovingSide side(boolean msi, UUID volume) {
        Path socket = folder.resolve("side" + sides++);
        return closing(new MovingSide(socket, drive, new VfioUserEndpoint.Options(msi), volume));
    }

    private MovableDevice guest(MovingSide side, Reach reach, int kind) {
        GuestRam ram = GuestRam.create(RamLayout.scattered(RAM_BYTES, RAM_BYTES / 4));
        return closing(new MovableDevice(side.socket(), ram, reach, kind));
    }

    /** What the monitor at the destination has got of the guest's memory. */
    private static final class Copy {
        private final GuestRam ram;
        private final MemorySegment bytes = Arena.ofAuto().allocate(RAM_BYTES);

        Copy(GuestRam ram) {
            this.ram = ram;
            bytes.copyFrom(ram.segment());
        }

        void pages(BitSet pages) {
            pages.stream().forEach(page -> MemorySegment.copy(ram.segment(), page * 4096L, bytes, page * 4096L, 4096));
        }

        /** Reports of the device's log, for each region of the guest's memory. */
        void report(MigrationClient migration) {
            long regionPages = ram.layout().regionBytes() / 4096;
            for (int region = 0; region < ram.layout().regionCount(); region++) {
                BitSet written =
                        migration.report(ram.regionIova(region), ram.layout().regionBytes());
                BitSet pages = new BitSet();
                int first = (int) (region * regionPages);
                written.stream().forEach(page -> pages.set(first + page));
                pages(pages);
            }
        }

        void assertSame() {
            long differs = bytes.mismatch(ram.segment());
            assertThat(differs < 0 ? -1 : differs / 4096)
                    .as("page that was not copied")
                    .isEqualTo(-1);
        }
    }

    private static VfioUserClient destination(MovableDevice guest, MovingSide to) {
        VfioUserClient there = guest.destination(to.socket());
        // What the monitor replays: memory space and bus master.
        there.regionWrite(Wire.REGION_CONFIG, 4, new byte[] {6, 0});
        return there;
    }

    private static void move(MovableDevice guest, MovingLoad load, MovingSide to, int steps) {
        MigrationClient source = new MigrationClient(guest.client());
        source.startLog();
        Copy copy = new Copy(guest.ram());
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < steps; i++) {
                load.step();
            }
            copy.report(source);
        }
        // The guest is paused from here on.
        source.state(MigrationClient.STATE_STOP_COPY);
        copy.report(source);
        copy.pages(load.writtenPages());
        byte[] state = source.read(5000);
        copy.assertSame();
        VfioUserClient there = destination(guest, to);
        MigrationClient target = new MigrationClient(there);
        target.state(MigrationClient.STATE_RESUMING);
        target.write(state, 7000);
        copy.assertSame();
        guest.ram().segment().copyFrom(copy.bytes);
        guest.forgetInterrupts();
        target.state(MigrationClient.STATE_RUNNING);
        guest.reached(there);
    }

    /** What has begun some commands, all of which have ended. */
    private static MovingLoad workedFor(NvmeDriver driver, int pairs, int depth, long seed) {
        MovingLoad load = new MovingLoad(driver, pairs, depth, seed);
        for (int i = 0; i < 20; i++) {
            load.step();
        }
        load.drain();
        return load;
    }

    private static int awaitEvents(NvmeDriver driver) {
        driver.admin(Command.setFeature(FeatureId.ASYNC_EVENT_CONFIG, 1 << 8)).orThrow();
        return driver.admin().start(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST));
    }

    @ParameterizedTest
    @CsvSource({
        "MAPPED, 2, false",
        "TRAPPED, 2, true",
        "TRAPPED, 1, true",
        "MAPPED, 1, false",
        "TRAPPED, 0, false",
        "MESSAGES, 2, false"
    })
    void tenMovesUnderLoad(Reach reach, int kind, boolean shadow) {
        boolean msi = kind == Wire.IRQ_MSI;
        MovingSide here = side(msi);
        MovableDevice guest = guest(here, reach, kind);
        NvmeDriver driver = NvmeDriver.start(guest);
        int event = awaitEvents(driver);
        Buffer shadows = guest.ram().allocateContiguous(4096);
        Buffer indexes = guest.ram().allocateContiguous(4096);
        if (shadow) {
            driver.useShadowDoorbells(shadows, indexes).orThrow();
        }
        MovingLoad load = new MovingLoad(driver, 3, 256, 1);
        load.wrote(shadows);
        for (int i = 0; i < 10; i++) {
            MovingSide there = side(msi);
            long before = load.completed();
            move(guest, load, there, 30);
            assertThat(guest.interrupted())
                    .as("what was completed before the move is told after it")
                    .isTrue();
            driver.until("commands at the new place", () -> {
                load.step();
                return load.completed() > before + 2000;
            });
            assertThat(here.failures()).isEmpty();
            assertThat(there.failures()).isEmpty();
            here.close();
            open.remove(here);
            here = there;
        }
        load.drain();
        here.change();
        Completion told = driver.admin().await(event);
        assertThat(told.dword0()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
        assertThat(driver.fatal()).isFalse();
    }

    @Test
    void whatAHostHasSetAndIsOwedIsThere() {
        MovingSide here = side(false);
        MovableDevice guest = guest(here, Reach.TRAPPED, Wire.IRQ_MSIX);
        NvmeDriver driver = NvmeDriver.start(guest);
        MovingLoad load = new MovingLoad(driver, 3, 16, 8);
        guest.write(0x2000 + 16, 4, 0xfee0_1000L);
        guest.write(0x2000 + 16 + 8, 4, 0x4041);
        guest.client().regionWrite(Wire.REGION_CONFIG, 0x3c, new byte[] {11});
        // Message Control of MSI-X: enabled, so that a vector without an eventfd is owed.
        guest.client().regionWrite(Wire.REGION_CONFIG, 0x5a, new byte[] {0, (byte) 0x80});
        guest.client().disableIrqs(Wire.IRQ_MSIX);
        load.step();
        load.drain();
        MovingSide there = side(false);
        move(guest, load, there, 0);
        for (int vector = 0; vector < 8; vector++) {
            assertThat(guest.interrupts(vector)).as("vector %d", vector).isEqualTo(vector >= 1 && vector <= 3 ? 1 : 0);
        }
        assertThat(guest.read(0x2000 + 16, 8)).isEqualTo(0xfee0_1000L);
        assertThat(guest.read(0x2000 + 16 + 8, 4)).isEqualTo(0x4041);
        assertThat(guest.client().regionRead(Wire.REGION_CONFIG, 0x3c, 1)).containsExactly(11);
    }

    /** A monitor that knows nothing of it: the same by calls in the daemon. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aMonitorThatKnowsNothing(boolean replayedBefore) {
        MovingSide here = side(false);
        MovableDevice guest = guest(here, Reach.MAPPED, Wire.IRQ_MSIX);
        NvmeDriver driver = NvmeDriver.start(guest);
        MovingLoad load = new MovingLoad(driver, 2, 256, 2);
        MovingSide there = side(false);
        MovingDevice source = here.device();
        source.startLog();
        assertThatThrownBy(source::startLog).isInstanceOf(IllegalStateException.class);
        Copy copy = new Copy(guest.ram());
        List<MovingDevice.Pages> pages = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            load.step();
            if (i % 50 == 0) {
                pages.add(source.takeWritten(MovingDevice.PAGES_MAX));
            }
        }
        assertThat(source.freeze(LIMIT)).isTrue();
        assertThat(source.frozen()).isTrue();
        for (MovingDevice.Pages some = source.takeWritten(100);
                !some.addresses().isEmpty();
                some = source.takeWritten(100)) {
            assertThat(some.absent()).isZero();
            pages.add(some);
        }
        byte[] state = source.state();
        copy.pages(load.writtenPages());
        guest.ram().segment().copyFrom(copy.bytes);

        VfioUserClient monitor = guest.destination(there.socket());
        MovingDevice target = there.device();
        if (replayedBefore) {
            monitor.regionWrite(Wire.REGION_CONFIG, 4, new byte[] {6, 0});
        }
        pages.forEach(target::writePages);
        target.load(state);
        assertThat(target.frozen()).isTrue();
        if (!replayedBefore) {
            monitor.regionWrite(Wire.REGION_CONFIG, 4, new byte[] {2, 0});
            monitor.regionWrite(Wire.REGION_CONFIG, 4, new byte[] {6, 0});
        }
        guest.interrupts(1);
        target.thaw();
        target.raiseAll();
        assertThat(guest.interrupts(7))
                .as("vectors that nothing was posted for")
                .isPositive();
        guest.reached(monitor);
        long before = load.completed();
        driver.until("commands at the new place", () -> {
            load.step();
            return load.completed() > before + 2000;
        });
        load.drain();
        assertThat(here.failures()).isEmpty();
        assertThat(there.failures()).isEmpty();
    }

    @Test
    void pagesWhoseMemoryIsAwayForAMomentAreNotForgotten() {
        MovingSide here = side(false);
        MovableDevice guest = guest(here, Reach.TRAPPED, Wire.IRQ_MSIX);
        NvmeDriver driver = NvmeDriver.start(guest);
        MovingLoad load = new MovingLoad(driver, 1, 16, 9);
        MovingDevice source = here.device();
        source.startLog();
        load.step();
        load.drain();
        guest.unmapRegion(0);
        MovingDevice.Pages away = source.takeWritten(MovingDevice.PAGES_MAX);
        assertThat(away.addresses()).isEmpty();
        assertThat(away.absent()).isPositive();
        guest.mapRegion(0);
        MovingDevice.Pages back = source.takeWritten(MovingDevice.PAGES_MAX);
        assertThat(back.addresses()).hasSize(away.absent());
        assertThat(back.absent()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1", "3"})
    void aMoveThatIsCancelledGoesOnAtItsSource(int state) {
        MovingSide here = side(false);
        MovableDevice guest = guest(here, Reach.TRAPPED, Wire.IRQ_MSIX);
        NvmeDriver driver = NvmeDriver.start(guest);
        MovingLoad load = new MovingLoad(driver, 2, 256, 5);
        MigrationClient source = new MigrationClient(guest.client());
        for (int i = 0; i < 10; i++) {
            for (int step = 0; step < 20; step++) {
                load.step();
            }
            source.startLog();
            source.state(state);
            // Rung while it is stopped.
            load.step();
            if (state == MigrationClient.STATE_STOP_COPY && i % 2 == 0) {
                source.read(1000);
            }
            source.state(MigrationClient.STATE_RUNNING);
            source.stopLog();
        }
        load.drain();
        assertThat(load.completed()).isGreaterThan(1000);
        assertThat(here.failures()).isEmpty();
    }

    @Test
    void aDriveThatDoesNotAnswerKeepsItsGuest() {
        MovingSide here = side(false);
        MovableDevice guest = guest(here, Reach.TRAPPED, Wire.IRQ_MSIX);
        NvmeDriver driver = NvmeDriver.start(guest);
        MovingLoad load = new MovingLoad(driver, 1, 64, 6);
        here.hold(true);
        load.step();
        here.awaitWork();
        assertThat(here.device().freeze(Duration.ofMillis(50))).isFalse();
        assertThat(here.device().frozen()).isFalse();
        assertThatThrownBy(here.device()::state).isInstanceOf(IllegalStateException.class);
        here.hold(false);
        load.drain();
        assertThat(here.device().freeze(LIMIT)).isTrue();
        here.device().thaw();
        load.step();
        load.drain();
    }

    /** At the limit: what has no credit has done nothing, and is done there. */
    @Test
    void whatWaitsForItsTurnGoesAlong() {
        MovingSide here = side(false);
        MovableDevice guest = guest(here, Reach.TRAPPED, Wire.IRQ_MSIX);
        NvmeDriver driver = NvmeDriver.start(guest);
        MovingLoad load = workedFor(driver, 2, 256, 10);
        assertThat(here.device().freeze(LIMIT)).isTrue();
        int bytesWithoutCommands = here.device().state().length;
        here.device().thaw();
        here.limit(new Limits(0, 0, 1, 0, 0, 0, 0));
        load.step();
        byte[] state;
        do {
            // They are fetched in their time.
            assertThat(here.device().freeze(Duration.ofMillis(200))).isTrue();
            state = here.device().state();
            if (state.length == bytesWithoutCommands) {
                here.device().thaw();
            }
        } while (state.length == bytesWithoutCommands);
        MovingSide there = side(false);
        VfioUserClient monitor = destination(guest, there);
        there.device().load(state);
        there.device().thaw();
        guest.reached(monitor);
        load.drain();
        load.step();
        load.drain();
        assertThat(driver.fatal()).isFalse();
        assertThat(here.failures()).isEmpty();
        assertThat(there.failures()).isEmpty();
    }

    @Test
    void theStateOfAnotherDriveIsRefused() {
        MovingSide here = side(false);
        MovableDevice guest = guest(here, Reach.TRAPPED, Wire.IRQ_MSIX);
        NvmeDriver.start(guest);
        here.device().freeze(LIMIT);
        byte[] state = here.device().state();
        MovingSide other = side(false, new UUID(9, 9));
        VfioUserClient there = closing(guest.destination(other.socket()));
        assertThatThrownBy(() -> other.device().load(state))
                .isInstanceOf(DeviceStateException.class)
                .hasMessageContaining(VOLUME.toString());
        assertThat(other.device().frozen()).as("it was not touched").isFalse();
        MigrationClient target = new MigrationClient(there);
        target.state(MigrationClient.STATE_RESUMING);
        target.write(state, 1 << 20);
        assertThatThrownBy(() -> target.state(MigrationClient.STATE_STOP)).isInstanceOf(VfioUserException.class);
        assertThat(target.state()).isEqualTo(MigrationClient.STATE_RESUMING);
        there.reset();
        assertThat(target.state()).isEqualTo(MigrationClient.STATE_RUNNING);
        MovingSide msi = side(true);
        closing(VfioUserClient.open(msi.socket()));
        assertThatThrownBy(() -> msi.device().load(state))
                .isInstanceOf(DeviceStateException.class)
                .hasMessageContaining("configuration space");
    }

    @Test
    void aGuestThatUsesItsControllerDoesNotBecomeAnother() {
        MovingSide here = side(false);
        NvmeDriver driver = NvmeDriver.start(guest(here, Reach.TRAPPED, Wire.IRQ_MSIX));
        here.device().freeze(LIMIT);
        byte[] state = here.device().state();
        assertThatThrownBy(() -> here.device().load(state)).isInstanceOf(IllegalStateException.class);
        here.device().thaw();
        assertThatThrownBy(() -> here.device().load(state)).isInstanceOf(IllegalStateException.class);
        driver.admin(Command.getFeature(FeatureId.ARBITRATION)).orThrow();
    }

    @Test
    void aDisabledControllerAndOneThatIsShuttingDown() {
        MovingSide here = side(false);
        MovableDevice guest = guest(here, Reach.TRAPPED, Wire.IRQ_MSIX);
        NvmeDriver driver = NvmeDriver.start(guest);
        MovingLoad load = workedFor(driver, 1, 64, 7);
        here.hold(true);
        long configuration = guest.read(0x14, 4);
        guest.write(0x14, 4, configuration | 1 << 14);
        here.hold(false);
        MovingSide second = side(false);
        move(guest, load, second, 0);
        driver.until("the end of the shutdown", () -> (driver.status() & 0xc) == 8);
        driver.disable();
        MovingSide third = side(false);
        move(guest, load, third, 0);
        assertThat(driver.ready()).isFalse();
        driver.enable(EnableOptions.usual());
        driver.admin(Command.getFeature(FeatureId.ARBITRATION)).orThrow();
    }
}
