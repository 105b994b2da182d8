package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.memory.DmaLog;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.VerifyingLoad;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.lab.VmConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Linux guest checks what it wrote on a vNVMe with MSI-X and on one with MSI while it moves from one QEMU to another. */
@Tag("guest")
final class VmMoveIT {
    private static final int MOVES = Integer.getInteger("vnvme.moves", 3);
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final VerifyingLoad.Terms LOAD = new VerifyingLoad.Terms(16, 16, "4k-32k", Duration.ofSeconds(30));

    @TempDir
    Path folder;

    private final List<RamDrive> drives =
            List.of(RamDrive.create("moves0", 64 << 20), RamDrive.create("moves1", 64 << 20));
    private int places;
    private Place here;
    private List<VerifyingLoad> loads;

    /** A host, and the QEMU there. */
    private record Place(Path folder, MoveHost host, Vm vm) implements AutoCloseable {
        MoveSource source() {
            return MoveSource.connect(VmAddress.Socket.of(vm.qmpSocket()));
        }

        QemuDestination destination() {
            return QemuDestination.connect(
                    VmAddress.Socket.of(vm.qmpSocket()), folder, "unix:" + folder.resolve("channel"));
        }

        @Override
        public void close() {
            vm.close();
            host.close();
        }
    }

    private Place place(boolean boots) throws IOException {
        Path own = Files.createDirectory(folder.resolve("place" + places++));
        MoveHost host = new MoveHost(own, drives);
        VmConfig config =
                Vm.builder(Lab.prepare()).name("moves").memoryMiB(384).smp("2").keepLogsIn(own.resolve("vm"));
        Vm vm = boots ? config.start() : config.startIncoming();
        for (int i = 0; i < 2; i++) {
            vm.hotplug(host.sockets().get(i), "drive" + i, i);
            if (boots) {
                int n = i;
                await().atMost(LIMIT)
                        .until(() ->
                                vm.run("test -b /dev/nvme" + n + "n1", LIMIT).ok());
            }
        }
        return new Place(own, host, vm);
    }

    @BeforeEach
    void start() throws IOException {
        here = place(true);
        loads = List.of(
                VerifyingLoad.start(here.vm(), "nvme0n1", LOAD), VerifyingLoad.start(here.vm(), "nvme1n1", LOAD));
    }

    @AfterEach
    void close() {
        here.close();
        drives.forEach(RamDrive::close);
    }

    /** The VM's second monitor, while the move has the first. */
    private record LabMonitor(io.vnvme.testkit.lab.Qmp qmp) implements Monitor {
        @Override
        public QemuVersion version() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object execute(String command, Map<String, ?> arguments) {
            return qmp.execute(command, arguments);
        }

        @Override
        public boolean awaitDeleted(String deviceId, Duration timeout, BooleanSupplier gone) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void cancelMigration() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Advice advice() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            // It is the VM's.
        }
    }

    /** What two daemons do, in one process. */
    private static final class Drives implements MovingDrives {
        private final Place to;
        private final List<MovingDevice> sources;
        private final List<byte[]> states = new ArrayList<>();
        private final List<List<MovingDevice.Pages>> pages = new ArrayList<>();
        private Runnable onRound = () -> {};
        private Runnable onFreeze = () -> {};
        private Runnable onLoad = () -> {};
        private int rounds;

        Drives(Place from, Place to) {
            this.to = to;
            sources = from.host().devices();
        }

        @Override
        public void begin(List<String> deviceIds) {
            assertThat(deviceIds).containsExactly("drive0", "drive1");
            sources.forEach(MovingDevice::startLog);
        }

        @Override
        public void round() {
            rounds++;
            onRound.run();
        }

        @Override
        public void freeze() {
            // Both stop before anything is noted: they may have written to the same page.
            sources.forEach(source -> assertThat(source.freeze(LIMIT)).isTrue());
            for (MovingDevice source : sources) {
                List<MovingDevice.Pages> all = new ArrayList<>();
                MovingDevice.Pages some;
                do {
                    some = source.takeWritten(MovingDevice.PAGES_MAX);
                    all.add(some);
                } while (!some.addresses().isEmpty());
                assertThat(some.absent()).as("pages whose memory is away").isZero();
                pages.add(all);
                states.add(source.state());
            }
            onFreeze.run();
        }

        @Override
        public void load() {
            List<MovingDevice> targets = to.host().devices();
            for (int i = 0; i < targets.size(); i++) {
                assertThat(pageCount(i)).as("pages of drive %d", i).isGreaterThanOrEqualTo(LOAD.depth());
                spoil(i);
            }
            for (int i = 0; i < targets.size(); i++) {
                assertThat(missing(i)).as("pages of drive %d without us", i).isEqualTo(pageCount(i));
            }
            for (int i = 0; i < targets.size(); i++) {
                pages.get(i).forEach(targets.get(i)::writePages);
            }
            for (int i = 0; i < targets.size(); i++) {
                assertThat(missing(i)).as("pages of drive %d with us", i).isZero();
                targets.get(i).load(states.get(i));
            }
            onLoad.run();
        }

        /** Changes all pages of a drive at the destination. QEMU knows nothing of who wrote them, but may have brought some in time. */
        private void spoil(int drive) {
            try (GdbMemory memory =
                    GdbMemory.open(new HumanMonitor(new LabMonitor(to.vm().qmp())), to.folder())) {
                for (MovingDevice.Pages some : pages.get(drive)) {
                    for (int i = 0; i < some.addresses().size(); i++) {
                        byte other = (byte) ~some.bytes().get(ValueLayout.JAVA_BYTE, (long) i * DmaLog.PAGE_BYTES);
                        memory.write(some.addresses().get(i), new byte[] {other, 1, 2, 3});
                    }
                }
            }
        }

        /** Pages of a drive that are not at the destination as they were at the source. */
        private int missing(int drive) {
            int count = 0;
            for (MovingDevice.Pages some : pages.get(drive)) {
                for (int i = 0; i < some.addresses().size(); i++) {
                    MemorySegment noted = some.bytes().asSlice((long) i * DmaLog.PAGE_BYTES, DmaLog.PAGE_BYTES);
                    if (noted.mismatch(memory(some.addresses().get(i))) >= 0) {
                        count++;
                    }
                }
            }
            return count;
        }

        /** A page of the guest at the destination, as QEMU there has it. */
        private MemorySegment memory(long address) {
            Path file = to.folder().resolve("page");
            to.vm()
                    .qmp()
                    .execute(
                            "pmemsave", Map.of("val", address, "size", DmaLog.PAGE_BYTES, "filename", file.toString()));
            try {
                return MemorySegment.ofArray(Files.readAllBytes(file));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void give() {
            // Both are this process's.
        }

        @Override
        public void resume() {
            for (MovingDevice target : to.host().devices()) {
                target.thaw();
                target.raiseAll();
            }
        }

        @Override
        public void end() {
            assertThat(rounds).as("looks while memory was copied").isPositive();
        }

        int pageCount(int drive) {
            return pages.get(drive).stream()
                    .mapToInt(some -> some.addresses().size())
                    .sum();
        }

        @Override
        public void giveUp() {
            for (MovingDevice source : sources) {
                if (source.frozen()) {
                    source.thaw();
                }
                source.stopLog();
            }
        }
    }

    private VmMove move(MovingDrives moving, MoveSource source, MoveDestination destination) {
        VmMove.Terms terms = new VmMove.Terms(LIMIT, LIMIT, progress -> {});
        return new VmMove(source, destination, moving, terms);
    }

    private void moveOn() throws IOException {
        Place there = place(false);
        Place left = here;
        try (MoveSource source = left.source();
                QemuDestination destination = there.destination()) {
            Drives moving = new Drives(left, there);
            VmMove.Standstill still = move(moving, source, destination).run();
            System.out.printf(
                    "VmMoveIT: %d and %d pages of the drives, %s with looks at them%n",
                    moving.pageCount(0), moving.pageCount(1), still);
            here = there;
        } finally {
            (here == there ? left : there).close();
        }
        loads = loads.stream().map(load -> load.at(here.vm())).toList();
        loads.forEach(VerifyingLoad::goesOn);
    }

    private void assertUnaware() {
        List<Long> longest = loads.stream()
                .flatMap(load -> load.end().stream())
                .map(Duration::toMillis)
                .filter(ms -> ms > 200)
                .toList();
        System.out.printf("VmMoveIT: commands over 200 ms: %s%n", longest);
        assertThat(here.vm().sh("dmesg"))
                .doesNotContain("I/O error", "WARNING", "completion polled", "timeout", "reset");
    }

    @Test
    void aGuestMovesWithItsDrivesInUse() throws IOException {
        for (int i = 0; i < MOVES; i++) {
            moveOn();
        }
        assertUnaware();
        here.vm().sh("""
                for i in 0 1; do
                  nvme reset /dev/nvme$i && dd if=/dev/nvme${i}n1 of=/dev/null bs=1M count=4 iflag=direct || exit 1
                done""");
    }

    /** The guest goes on where it is, and can move after that. */
    @Test
    void aMoveThatIsCancelledChangesNothing() throws IOException {
        for (String step : List.of("round", "freeze", "load")) {
            try (Place there = place(false);
                    MoveSource source = here.source();
                    QemuDestination destination = there.destination()) {
                Drives moving = new Drives(here, there);
                VmMove move = move(moving, source, destination);
                switch (step) {
                    case "round" -> moving.onRound = move::cancel;
                    case "freeze" -> moving.onFreeze = move::cancel;
                    default -> moving.onLoad = move::cancel;
                }
                assertThatThrownBy(move::run)
                        .as(step)
                        .hasMessageContaining("cancelled")
                        .hasNoSuppressedExceptions();
                await().atMost(LIMIT).until(() -> !there.vm().alive());
            }
            loads.forEach(VerifyingLoad::goesOn);
        }
        moveOn();
        assertUnaware();
    }

    /** QEMU at the destination ends, as if it crashed, while memory is copied. */
    @Test
    void aDestinationThatDiesLeavesTheGuestWhereItIs() throws IOException {
        try (Place there = place(false);
                MoveSource source = here.source();
                QemuDestination destination = there.destination()) {
            Drives moving = new Drives(here, there);
            moving.onRound = there.vm()::kill9;
            VmMove move = move(moving, source, destination);
            assertThatThrownBy(move::run)
                    .hasMessageContaining("has ended the migration")
                    .hasNoSuppressedExceptions();
        }
        loads.forEach(VerifyingLoad::goesOn);
        assertUnaware();
    }
}
