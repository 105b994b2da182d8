package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.vnvme.control.model.ProblemCode;
import org.junit.jupiter.api.Test;

/** What has to wait for a vNVMe on its way. */
final class MovingTest {
    private final Moving moving = new Moving();

    @Test
    void hostsOfOneThatGoesToAnotherHostStayAsTheyAre() {
        try (Moving.Held _ = moving.beginMigration("d", "tank", "web")) {
            assertProblem(ProblemCode.VNVME_IN_USE, () -> moving.requireHere("d"));
            assertProblem(ProblemCode.VNVME_IN_USE, () -> moving.requireStill("d"));
            assertProblem(ProblemCode.VNVME_IN_USE, () -> moving.requireStillPool("tank"));
            assertProblem(ProblemCode.VNVME_IN_USE, () -> moving.begin("d", "tank", "fast"));
            moving.requireHere("other");
            moving.requireStillPool("fast");
        }
        assertThatCode(() -> moving.requireHere("d")).doesNotThrowAnyException();
        assertThatCode(() -> moving.requireStill("d")).doesNotThrowAnyException();
    }

    /** It stays with this daemon: hosts may be let in meanwhile. */
    @Test
    void oneThatGoesToAnotherPoolIsHere() {
        try (Moving.Held _ = moving.begin("d", "tank", "fast")) {
            assertThatCode(() -> moving.requireHere("d")).doesNotThrowAnyException();
            assertProblem(ProblemCode.VNVME_IN_USE, () -> moving.requireStill("d"));
            assertProblem(ProblemCode.VNVME_IN_USE, () -> moving.requireStillPool("tank"));
            assertProblem(ProblemCode.VNVME_IN_USE, () -> moving.requireStillPool("fast"));
        }
    }
}
