package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A move that fails or is cancelled leaves the VM where it was. */
class VmMoveBackTest extends VmMoves {
    private void assertAtTheSource() {
        assertThat(source.status).isEqualTo("running");
        assertThat(source.gone).isFalse();
        assertThat(source.pauses).isFalse();
        assertThat(destination.gone).isTrue();
        assertThat(destination.done).doesNotContain("cont");
        assertThat(drives.told).doesNotContain("resume", "end");
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

    @ParameterizedTest
    @ValueSource(strings = {"begin", "round", "freeze", "load", "give"})
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
                new QemuDestination(destination, folder, "unix:/tmp/channel"),
                drives,
                new VmMove.Terms(LIMIT, Duration.ofMillis(20), p -> {}));
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
        drives.onBegin = () -> assertThat(source.downtimeLimitMs).isEqualTo(60);
        drives.fails = "round";
        source.unanswered = "migrate_cancel";
        assertThatThrownBy(move::run).hasMessage("round fails");
        assertThat(source.pauses).isEqualTo(pauses);
        assertThat(source.downtimeLimitMs).isEqualTo(300);
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
