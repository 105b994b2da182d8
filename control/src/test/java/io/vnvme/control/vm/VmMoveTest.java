package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
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
    /** What went on at the source while the destination lived. */
    private final List<String> two = new ArrayList<>();

    private VmMove move;

    @BeforeEach
    void pair() {
        source.peer = destination;
        source.onCont = () -> goesOn(
                "VM", destination.gone || !destination.unanswered.isEmpty() && !destination.status.equals("running"));
        move = move(LIMIT);
    }

    /** What throws on the way back is tried and noted only, so that a check there would not fail. */
    private void goesOn(String what, boolean alone) {
        if (!alone) {
            two.add(what);
        }
    }

    @AfterEach
    void twoNeverGoOn() {
        assertThat(two).isEmpty();
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
        /** What giving up fails with. */
        private @Nullable Error error;

        private Runnable onBegin = () -> {};
        private String status = "";

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
            status = source.status;
            onBegin.run();
            told("begin");
        }

        @Override
        public void round() {
            assertThat(source.status).isEqualTo(status);
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
            assertThat(source.gone).isEqualTo(source.unanswered.isEmpty());
            told("end");
        }

        @Override
        public void giveUp() {
            goesOn("drives", destination.gone || !destination.unanswered.isEmpty());
            told("giveUp");
            if (error != null) {
                throw error;
            }
        }
    }

    @Test
    void drivesGoOnWhereTheVmDoes() {
        VmMove.Standstill still = move.run();
        assertThat(still.handOver()).isPositive();
        assertThat(drives.told).containsExactly("begin", "round", "freeze", "load", "resume", "end");
        assertThat(destination.status).isEqualTo("running");
        assertThat(destination.table).isEqualTo(source.table);
        assertThat(destination.pauses)
                .as("stands still for somebody else's migration")
                .isFalse();
        assertThat(progress).contains(new MoveProgress(1, 2, 3));
    }

    @Test
    void aPausedVmStaysPaused() {
        source.status = "paused";
        move.run();
        assertThat(destination.status).isEqualTo("paused");
    }

    @ParameterizedTest
    @ValueSource(strings = {"begin", "freeze", "load"})
    void aPausedVmThatStaysIsPaused(String step) {
        source.status = "paused";
        drives.fails = step;
        assertThatThrownBy(move::run).hasMessage(step + " fails");
        assertThat(source.done).doesNotContain("cont");
        assertThat(source.status).isEqualTo(step.equals("load") ? "postmigrate" : "paused");
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
    @ValueSource(strings = {"stop", "migrate-incoming", "query-pci", "hmp:o", "hmp:gdbserver"})
    void aDestinationThatRefusesIsEnded(String command) {
        destination.refused = command;
        assertThatThrownBy(move::run).isInstanceOf(RuntimeException.class).hasMessageContaining("not today");
        assertAtTheSource();
    }

    /** As QEMU does when it cannot take what it is sent. */
    @Test
    void aDestinationThatEndsByItself() {
        destination.endsOnArrival = true;
        assertThatThrownBy(move::run).hasMessageContaining("went away").hasNoSuppressedExceptions();
        assertAtTheSource();
        assertThat(drives.told).endsWith("giveUp");
        assertThat(destination.done).doesNotContain("quit");
    }

    @Test
    void aVmThatDoesNotArriveInTimeStays() {
        destination.migration = "active";
        source.peer = null;
        VmMove late = new VmMove(
                new MoveSource(source),
                new MoveDestination(destination, folder),
                drives,
                new VmMove.Terms("unix:/tmp/channel", LIMIT, Duration.ofMillis(20), p -> {}));
        assertThatThrownBy(late::run).hasMessageContaining("is not done").hasNoSuppressedExceptions();
        assertAtTheSource();
    }

    /** It was told to stand still, and nobody told it anything else. */
    @ParameterizedTest
    @ValueSource(strings = {"quit", "end"})
    void aDestinationThatDoesNotEndIsToldOf(String command) {
        drives.fails = "load";
        destination.unanswered = command;
        assertThatThrownBy(move::run)
                .isInstanceOf(ProblemException.class)
                .hasMessageContainingAll("load fails", "QEMU at the destination does not end", "stands still: end");
        assertThat(destination.gone).isFalse();
        assertThat(destination.status).isEqualTo("paused");
        assertThat(source.status).isEqualTo("running");
        assertThat(drives.told).endsWith("giveUp");
    }

    @Test
    void aDestinationThatRunsTheVmAndDoesNotEndHasIt() {
        destination.disobeys = true;
        destination.unanswered = "quit";
        assertThatThrownBy(move::run)
                .hasMessageContainingAll("was to pause the VM", "may run the VM, which stands still at the source");
        assertThat(source.status).isEqualTo("postmigrate");
        assertThat(source.pauses).isFalse();
        assertThat(drives.told).endsWith("giveUp");
    }

    /** It ran for a moment, without drives. */
    @Test
    void aDestinationThatRunsTheVmIsEndedFirst() {
        destination.disobeys = true;
        assertThatThrownBy(move::run).hasMessageContaining("was to pause the VM");
        assertAtTheSource();
    }

    @Test
    void eachStepBackIsTriedAfterOneThatFailsAsNoneShould() {
        drives.fails = "load";
        drives.error = new AssertionError("giveUp fails");
        assertThatThrownBy(move::run)
                .hasMessage("load fails")
                .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(drives.error));
        assertAtTheSource();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatTheSourceDoesByItselfIsPutBack(boolean pauses) {
        source.pauses = pauses;
        drives.fails = "round";
        source.unanswered = "migrate_cancel";
        assertThatThrownBy(move::run).hasMessage("round fails");
        assertThat(source.pauses).isEqualTo(pauses);
        assertThat(source.done).contains("migrate-set-capabilities");
    }

    /** Begun after we looked, so that ours was refused. */
    @Test
    void aMigrationThatSomebodyElseBeginsIsNotCancelled() {
        drives.onBegin = () -> source.migration = "active";
        source.refused = "migrate";
        assertThatThrownBy(move::run).hasMessageContaining("not today");
        assertThat(source.migration).isEqualTo("active");
        assertAtTheSource();
    }

    /** QEMU may have begun it all the same. */
    @Test
    void aMigrationWhoseBeginIsNotAnsweredIsCancelled() {
        drives.onBegin = () -> source.migration = "setup";
        source.unanswered = "migrate";
        assertThatThrownBy(move::run).hasMessageContaining("did not answer");
        assertThat(source.done).contains("migrate_cancel");
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
    void drivesThatDoNotGoOnAreAtTheDestination() {
        drives.fails = "resume";
        assertThatThrownBy(move::run)
                .isInstanceOf(ProblemException.class)
                .hasMessageContainingAll("is at the destination", "resume fails");
        assertThat(destination.gone).isFalse();
        assertThat(destination.status).isEqualTo("paused");
        assertThat(source.status).isEqualTo("postmigrate");
        assertThat(source.gone).isFalse();
        assertThat(drives.told).doesNotContain("giveUp", "end");
    }

    /** The VM has moved and runs. */
    @ParameterizedTest
    @ValueSource(strings = {"", "quit", "end"})
    void whatFailsAtTheSourceAfterwardsChangesNothing(String unanswered) {
        source.unanswered = unanswered;
        drives.fails = "end";
        move.run();
        assertThat(destination.status).isEqualTo("running");
        assertThat(drives.told).endsWith("end");
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
