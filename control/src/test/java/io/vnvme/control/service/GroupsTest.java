package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.ChangeLimits;
import io.vnvme.control.model.ChangeQos;
import io.vnvme.control.model.CreateGroup;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.control.model.RenameVnvme;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits, weights and groups as the administrator sets them. */
final class GroupsTest {
    @TempDir
    Path folder;

    private Fixture on;
    private Groups groups;

    @BeforeEach
    void setUp() {
        on = new Fixture(folder);
        on.claim("ram1");
        groups = on.services.groups();
    }

    @AfterEach
    void tearDown() {
        on.close();
    }

    private static ChangeLimits iops(long rate) {
        return new ChangeLimits(null, null, rate, null, null, null, null, false);
    }

    private static QosLimits onlyIops(long rate) {
        return new QosLimits(0, 0, rate, 0, 0, 0, 0);
    }

    private static ChangeQos change(@Nullable ChangeLimits limits, @Nullable Integer weight, @Nullable String group) {
        return new ChangeQos(limits, weight, group);
    }

    private Qos applied(String vnvme) {
        return Objects.requireNonNull(on.plane.exports.get(vnvme)).qos;
    }

    @Test
    void whatANewOneAsksForHolds() {
        groups.create(new CreateGroup("blue", iops(1000)));
        CreateVnvme asked = new CreateVnvme(
                "d", MIB, null, false, false, null, false, null, null, change(iops(777), 200, "blue"), false, null);
        Qos qos = new Qos(onlyIops(777), 200, "blue");
        assertThat(on.services.vnvmes().create(asked).vnvme().qos()).isEqualTo(qos);
        assertThat(applied("d")).isEqualTo(qos);
        assertThat(groups.list()).singleElement().satisfies(group -> {
            assertThat(group.limits()).isEqualTo(onlyIops(1000));
            assertThat(group.members()).containsExactly("d");
        });
    }

    @Test
    void changesHoldAtOnceAndWhatIsNotNamedStays() {
        on.create("d", MIB);
        assertThat(groups.of("d")).isEqualTo(Qos.NONE);
        groups.change("d", change(new ChangeLimits(1L, 2L, 3L, 4L, 5L, 6L, 7, false), 300, null));
        Qos all = new Qos(new QosLimits(1, 2, 3, 4, 5, 6, 7), 300, null);
        assertThat(applied("d")).isEqualTo(all);
        groups.change("d", change(iops(0), null, null));
        assertThat(applied("d")).isEqualTo(new Qos(new QosLimits(1, 2, 0, 4, 5, 6, 7), 300, null));
        groups.change("d", change(new ChangeLimits(null, null, 9L, null, null, null, null, true), null, null));
        assertThat(applied("d")).isEqualTo(new Qos(onlyIops(9), 300, null));
        assertThat(on.services.vnvmes().show("d").qos()).isEqualTo(applied("d"));
    }

    @Test
    void allOfItHoldsAfterARestart() {
        groups.create(new CreateGroup("blue", iops(1000)));
        on.create("d", MIB);
        groups.change("d", change(iops(5), 7, "blue"));
        on.services.vnvmes().rename("d", new RenameVnvme("e"));
        on.restart();
        assertThat(on.plane.groups).containsEntry("blue", onlyIops(1000));
        assertThat(applied("e")).isEqualTo(new Qos(onlyIops(5), 7, "blue"));
    }

    @Test
    void groupsChangeAndGo() {
        groups.create(new CreateGroup("blue", null));
        on.create("d", MIB);
        groups.change("d", change(null, null, "blue"));
        assertThat(groups.change("blue", iops(50)).limits()).isEqualTo(onlyIops(50));
        assertThat(on.plane.groups).containsEntry("blue", onlyIops(50));
        assertProblem(ProblemCode.GROUP_IN_USE, () -> groups.remove("blue"));
        assertThat(on.plane.groups).containsKey("blue");
        groups.change("d", change(null, null, ""));
        assertThat(applied("d").group()).isNull();
        groups.remove("blue");
        assertThat(on.plane.groups).isEmpty();
        assertThat(groups.list()).isEmpty();
    }

    @Test
    void whatMakesNoSenseChangesNothing() {
        on.create("d", MIB);
        assertProblem(ProblemCode.BAD_LIMIT, () -> groups.change("d", change(iops(-1), null, null)));
        assertProblem(ProblemCode.BAD_LIMIT, () -> groups.change("d", change(iops(Long.MAX_VALUE), null, null)));
        assertProblem(ProblemCode.BAD_LIMIT, () -> groups.change("d", change(iops(5), 0, null)));
        assertProblem(ProblemCode.BAD_LIMIT, () -> groups.change("d", change(iops(5), 1001, null)));
        ChangeLimits burst = new ChangeLimits(null, null, 5L, null, null, null, 3601, false);
        assertProblem(ProblemCode.BAD_LIMIT, () -> groups.change("d", change(burst, null, null)));
        assertProblem(ProblemCode.UNKNOWN_GROUP, () -> groups.change("d", change(iops(5), null, "blue")));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> groups.change("x", change(iops(5), null, null)));
        assertThat(applied("d")).isEqualTo(Qos.NONE);
        assertThat(groups.of("d")).isEqualTo(Qos.NONE);
        assertProblem(ProblemCode.BAD_NAME, () -> groups.create(new CreateGroup("none", null)));
        assertProblem(ProblemCode.BAD_NAME, () -> groups.create(new CreateGroup("B", null)));
        assertProblem(ProblemCode.BAD_LIMIT, () -> groups.create(new CreateGroup("b", iops(-1))));
        assertProblem(ProblemCode.UNKNOWN_GROUP, () -> groups.change("b", iops(1)));
        assertProblem(ProblemCode.UNKNOWN_GROUP, () -> groups.remove("b"));
        CreateVnvme asked = new CreateVnvme(
                "e", MIB, null, false, false, null, false, null, null, change(null, null, "blue"), false, null);
        assertProblem(ProblemCode.UNKNOWN_GROUP, () -> on.services.vnvmes().create(asked));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> on.services.vnvmes().show("e"));
        groups.create(new CreateGroup("b", null));
        assertProblem(ProblemCode.NAME_TAKEN, () -> groups.create(new CreateGroup("b", null)));
    }
}
