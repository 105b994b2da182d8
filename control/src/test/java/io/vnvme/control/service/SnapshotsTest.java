package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.CloneSnapshot;
import io.vnvme.control.model.DiffInfo;
import io.vnvme.control.model.DiffRange;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.model.VnvmeInfo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotsTest {
    @TempDir
    Path folder;

    private Fixture on;
    private Snapshots snapshots;

    @BeforeEach
    void setUp() {
        on = new Fixture(folder);
        on.claim("ram0");
        on.create("d", MIB);
        snapshots = on.services.snapshots();
    }

    @AfterEach
    void tearDown() {
        on.close();
    }

    private VnvmeInfo cloneOf(String snapshot, String name) {
        return on.services
                .vnvmes()
                .cloneOf(new CloneSnapshot(snapshot, name, false))
                .vnvme();
    }

    @Test
    void aTreeGrowsAndLosesAnyOfItsNodes() {
        snapshots.take("d", "s1");
        snapshots.take("d", "s2");
        VnvmeInfo clone = cloneOf("d@s1", "c");
        assertThat(clone.origin()).isEqualTo("d@s1");
        assertThat(clone.uuid()).isNotEqualTo(on.services.vnvmes().show("d").uuid());
        assertThat(snapshots.show("d@s2").origin()).isEqualTo("d@s1");
        assertThat(snapshots.show("d@s1").clones()).containsExactly("c");
        assertThat(on.services.vnvmes().show("d").snapshotCount()).isEqualTo(2);
        snapshots.remove("d@s1");
        assertThat(on.services.vnvmes().show("c").state()).isEqualTo("idle");
        on.services.vnvmes().remove("d");
        assertThat(snapshots.list()).extracting("name").containsExactly("d@s2");
    }

    @Test
    void rollsBack() {
        snapshots.take("d", "s1");
        on.services.vnvmes().resize("d", new ResizeVnvme(2 * MIB, false));
        snapshots.rollback("d", "s1");
        assertThat(on.services.vnvmes().show("d").sizeBytes()).isEqualTo(MIB);
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("idle");
        on.plane.failing = "rollback";
        assertThatThrownBy(() -> snapshots.rollback("d", "s1")).hasMessageContaining("fails in this test");
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("idle");
    }

    @Test
    void refusesWhatMakesNoSense() {
        snapshots.take("d", "s1");
        assertProblem(ProblemCode.NAME_TAKEN, () -> snapshots.take("d", "s1"));
        assertProblem(ProblemCode.BAD_NAME, () -> snapshots.take("d", "S 1"));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> snapshots.take("none", "s1"));
        assertProblem(ProblemCode.UNKNOWN_SNAPSHOT, () -> snapshots.remove("d@none"));
        assertProblem(ProblemCode.BAD_NAME, () -> snapshots.remove("d"));
        assertProblem(ProblemCode.UNKNOWN_SNAPSHOT, () -> snapshots.rollback("d", "none"));
        assertProblem(ProblemCode.UNKNOWN_SNAPSHOT, () -> cloneOf("d@none", "c"));
        assertProblem(ProblemCode.NAME_TAKEN, () -> cloneOf("d@s1", "d"));
        assertProblem(ProblemCode.UNKNOWN_SNAPSHOT, () -> snapshots.diff(Optional.of("none"), "d"));
    }

    @Test
    void saysWhatChanged() {
        on.fakePool("pool0").open("d").write(128 << 10, ByteBuffer.allocate(4096));
        DiffInfo diff = snapshots.diff(Optional.empty(), "d");
        assertThat(diff.ranges()).containsExactly(new DiffRange(128 << 10, 64 << 10, "data"));
        assertThat(diff.changedBytes()).isEqualTo(64 << 10);
    }
}
