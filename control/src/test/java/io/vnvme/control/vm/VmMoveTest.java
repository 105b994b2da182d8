package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A VM goes to another QEMU. */
class VmMoveTest extends VmMoves {
    @Test
    void drivesGoOnWhereTheVmDoes() {
        VmMove.Standstill still = move.run();
        assertThat(still.handOver()).isPositive();
        assertThat(drives.told).containsExactly("begin", "round", "freeze", "load", "give", "resume", "end");
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

    @Test
    void drivesThatFailAsNoneShouldAreToldOfToo() {
        drives.onResume = () -> {
            throw new AssertionError("resume fails");
        };
        assertThatThrownBy(move::run)
                .isInstanceOf(ProblemException.class)
                .hasMessageContainingAll("is at the destination", "resume fails");
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
}
