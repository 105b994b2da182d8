package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VmMoveTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private final FakeMachine source = new FakeMachine().used();
    private final FakeMachine destination = new FakeMachine().incoming();
    private final Drives drives = new Drives();
    private final List<MoveProgress> progress = new ArrayList<>();
    private VmMove move;

    @BeforeEach
    void pair() {
        source.peer = destination;
        move = move(LIMIT);
    }

    private VmMove move(Duration copyLimit) {
        return new VmMove(
                new MoveSource(source),
                new MoveDestination(destination, folder),
                drives,
                new VmMove.Terms("unix:/tmp/channel", copyLimit, LIMIT, progress::add));
    }

    /** Notes what it is told, and fails or cancels when it is told so. */
    private final class Drives implements MovingDrives {
        private final List<String> told = new ArrayList<>();
        private String fails = "";
        private String cancels = "";

        private void told(String step) {
            if (!told.contains(step)) {
                told.add(step);
            }
            if (step.equals(cancels)) {
                move.cancel();
            }
            if (step.equals(fails)) {
                throw new IllegalStateException(step + " fails");
            }
        }

        @Override
        public void begin(List<String> deviceIds) {
            assertThat(deviceIds).containsExactly("drive0");
            told("begin");
        }

        @Override
        public void round() {
            assertThat(source.status).isEqualTo("running");
            told("round");
        }

        @Override
        public void freeze() {
            assertThat(source.status).isEqualTo("finish-migrate");
            told("freeze");
        }

        @Override
        public void load() {
            assertThat(source.status).isEqualTo("postmigrate");
            assertThat(destination.status).isEqualTo("paused");
            assertThat(destination.config).as("replayed").isEqualTo(source.config);
            told("load");
        }

        @Override
        public void resume() {
            assertThat(destination.status).isEqualTo("paused");
            told("resume");
        }

        @Override
        public void end() {
            assertThat(source.gone).isTrue();
            told("end");
        }

        @Override
        public void giveUp() {
            assertThat(destination.gone).as("two never go on").isTrue();
            told("giveUp");
        }
    }

    @Test
    void drivesGoOnWhereTheVmDoes() {
        VmMove.Standstill still = move.run();
        assertThat(still.handOver()).isPositive();
        assertThat(drives.told).containsExactly("begin", "round", "freeze", "load", "resume", "end");
        assertThat(destination.status).isEqualTo("running");
        assertThat(destination.table).isEqualTo(source.table);
        assertThat(progress).contains(new MoveProgress(1, 2, 3));
    }

    @Test
    void aPausedVmStaysPaused() {
        source.status = "paused";
        drives.cancels = "never";
        VmMove paused = new VmMove(
                new MoveSource(source),
                new MoveDestination(destination, folder),
                new PausedDrives(),
                new VmMove.Terms("unix:/tmp/channel", LIMIT, LIMIT, progress::add));
        paused.run();
        assertThat(destination.status).isEqualTo("paused");
    }

    private static final class PausedDrives implements MovingDrives {
        @Override
        public void begin(List<String> deviceIds) {}

        @Override
        public void round() {}

        @Override
        public void freeze() {}

        @Override
        public void load() {}

        @Override
        public void resume() {}

        @Override
        public void end() {}

        @Override
        public void giveUp() {}
    }

    private void assertAtTheSource() {
        assertThat(source.status).isEqualTo("running");
        assertThat(source.gone).isFalse();
        assertThat(source.pauses).isFalse();
        assertThat(destination.gone).isTrue();
        assertThat(destination.done).doesNotContain("cont");
        assertThat(drives.told).doesNotContain("resume", "end");
    }

    @ParameterizedTest
    @ValueSource(strings = {"begin", "round", "freeze", "load"})
    void drivesThatFailLeaveItAtTheSource(String step) {
        drives.fails = step;
        assertThatThrownBy(move::run).hasMessage(step + " fails");
        assertAtTheSource();
        assertThat(drives.told).endsWith("giveUp");
    }

    @ParameterizedTest
    @ValueSource(strings = {"begin", "round", "freeze", "load"})
    void canBeCancelled(String step) {
        drives.cancels = step;
        assertThatThrownBy(move::run).isInstanceOf(ProblemException.class).hasMessageContaining("cancelled");
        assertAtTheSource();
        assertThat(drives.told).endsWith("giveUp");
        assertThat(source.migration)
                .isEqualTo(step.equals("load") ? "completed" : step.equals("begin") ? "none" : "cancelled");
    }

    @ParameterizedTest
    @ValueSource(strings = {"migrate", "hmp:i", "hmp:xp", "migrate-continue"})
    void aSourceThatRefusesKeepsIt(String command) {
        source.refused = command;
        assertThatThrownBy(move::run).isInstanceOf(RuntimeException.class).hasMessageContaining("not today");
        assertAtTheSource();
        assertThat(drives.told).endsWith("giveUp");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"migrate-set-capabilities", "stop", "migrate-incoming", "query-pci", "hmp:o", "hmp:gdbserver"})
    void aDestinationThatRefusesIsEnded(String command) {
        destination.refused = command;
        assertThatThrownBy(move::run).isInstanceOf(RuntimeException.class).hasMessageContaining("not today");
        assertAtTheSource();
    }

    /** As QEMU does when it cannot take what it is sent. */
    @Test
    void aDestinationThatEndsByItself() {
        drives.cancels = "never";
        destination.migration = "active";
        source.peer = null;
        destination.gone = false;
        VmMove late = new VmMove(
                new MoveSource(source),
                new MoveDestination(destination, folder),
                drives,
                new VmMove.Terms("unix:/tmp/channel", LIMIT, Duration.ofMillis(20), p -> {}));
        assertThatThrownBy(late::run).hasMessageContaining("is not done");
        assertAtTheSource();
    }

    @Test
    void aVmThatWritesTooFastStays() {
        VmMove impatient = move(Duration.ZERO);
        move = impatient;
        assertThatThrownBy(impatient::run).hasMessageContaining("faster than it is sent");
        assertAtTheSource();
    }

    @Test
    void whatWasNotTestedIsNotTried() {
        destination.version = new QemuVersion(11, 2, 0);
        assertThatThrownBy(move::run).hasMessageContaining("11.2.0").hasMessageContaining("11.1");
        assertThat(source.status).isEqualTo("running");
        assertThat(destination.gone).isFalse();
        assertThat(drives.told).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pc-i440fx-11.1-machine", "microvm-machine", "none-machine"})
    void aMachineThatWasNotTestedIsNotTried(String machine) {
        source.machine = machine;
        assertThatThrownBy(move::run).hasMessageContaining("source has the machine " + machine);
        source.machine = "pc-q35-9.2-machine";
        destination.machine = machine;
        assertThatThrownBy(move::run).hasMessageContaining("destination has the machine " + machine);
        assertNothingBegan();
    }

    private void assertNothingBegan() {
        assertThat(source.status).isEqualTo("running");
        assertThat(source.pauses).isFalse();
        assertThat(source.done).doesNotContain("migrate");
        assertThat(destination.gone).isFalse();
        assertThat(destination.done).isEmpty();
        assertThat(drives.told).isEmpty();
    }

    /** Its socket was there, and nobody told what it is. */
    @Test
    void aDriveThatIsNotThereIsFoundFirst() {
        destination.config.putInt(0, -1);
        assertThatThrownBy(move::run).hasMessageContaining("destination shows no drive behind drive0");
        assertNothingBegan();
        source.config.putInt(0, -1);
        assertThatThrownBy(move::run).hasMessageContaining("source shows no drive behind drive0");
        assertNothingBegan();
    }

    @Test
    void anotherDeviceAtTheDestinationIsFoundFirst() {
        destination.config.putInt(0, 0x00108086);
        assertThatThrownBy(move::run).hasMessageContaining("drive0 (00108086) instead of drive0 (4d45564e)");
        assertNothingBegan();
    }

    @Test
    void aDriveThatTheGuestHasNotFoundYetIsFoundFirst() {
        source.numbered = false;
        assertThatThrownBy(move::run).hasMessageContaining("no PCI device drive0");
        assertNothingBegan();
    }

    @Test
    void aDestinationThatHasAVmIsLeftAlone() {
        destination.status = "running";
        assertThatThrownBy(move::run).hasMessageContaining("-incoming defer");
        assertThat(destination.gone).isFalse();
        assertThat(destination.done).isEmpty();
    }

    /** Found before the VM stands still. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "missing",
                "with space",
                "with,comma",
                "a-folder-with-a-name-that-is-longer-than-the-path-of-a-socket/can-be/which-is-107-characters-with-all"
            })
    void aFolderWhereNoSocketCanBeIsFoundFirst(String name) {
        folder = folder.resolve(name);
        move = move(LIMIT);
        assertThatThrownBy(move::run).isInstanceOf(ProblemException.class).hasMessageContaining("monitor");
        assertThat(source.done).doesNotContain("migrate");
    }

    @Test
    void bothHaveTheSameDevices() {
        destination.devices = List.of("drive0", "drive1");
        assertThatThrownBy(move::run).hasMessageContaining("drive1");
        assertThat(destination.gone).isFalse();
    }

    @Test
    void aDeviceWithoutANameCannotMove() {
        source.unnamed = List.of("device[0]");
        assertThatThrownBy(move::run).hasMessageContaining("without an id");
        assertThat(source.status).isEqualTo("running");
    }

    @Test
    void anotherMigrationIsNotDisturbed() {
        source.migration = "active";
        assertThatThrownBy(move::run).hasMessageContaining("is being migrated");
        assertThat(source.done).doesNotContain("migrate_cancel");
    }

    /** There is no way back: two would go on. */
    @Test
    void whatFailsAfterTheDrivesWentOnIsTold() {
        destination.refused = "cont";
        assertThatThrownBy(move::run).hasMessageContaining("is at the destination");
        assertThat(destination.gone).isFalse();
        assertThat(source.status).isEqualTo("postmigrate");
        assertThat(drives.told).doesNotContain("giveUp");
    }

    @Test
    void anInterruptDoesNotKeepItFromGoingBack() {
        drives.fails = "freeze";
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(move::run).isInstanceOf(RuntimeException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertAtTheSource();
    }
}
