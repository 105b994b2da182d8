package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.VolumeSpec;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** vNVMes that move, and whatever comes in between: one place has it, and the state says which. */
final class VolumeMovesTest {
    @TempDir
    Path folder;

    private Fixture fixture;

    @BeforeEach
    void start() {
        fixture = new Fixture(folder);
        for (String name : List.of("a", "b")) {
            fixture.file("drive-" + name, 64 * MIB);
            fixture.pool(name, "drive-" + name);
        }
        fixture.services.vnvmes().create(CreateVnvme.thin("d", 16 * MIB).inPool("a"));
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private JobInfo move(String pool) {
        return fixture.ended(fixture.services.moves().move("d", new MoveVnvme(pool, false)));
    }

    private List<String> volumes(String pool) {
        return fixture.fakePool(pool).layers().stream().map(LayerFacts::name).toList();
    }

    private String pool() {
        return fixture.services.vnvmes().show("d").pool();
    }

    private void isIn(String pool) {
        assertThat(pool()).isEqualTo(pool);
        assertThat(volumes(pool)).containsExactly("d");
        assertThat(volumes(pool.equals("a") ? "b" : "a")).isEmpty();
    }

    @Test
    void goesThereAndBack() {
        String uuid = fixture.services.vnvmes().show("d").uuid();
        JobInfo job = move("b");
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(job.result()).contains("d is in pool b: 64 KiB copied in 2 rounds, guests waited 1.0 ms");
        isIn("b");
        assertThat(fixture.services.vnvmes().show("d").uuid()).isEqualTo(uuid);
        assertThat(fixture.services.events().counts()).containsKey(EventKind.VNVME_MOVED);
        fixture.restart();
        isIn("b");
        assertThat(move("a").state()).isEqualTo("done");
        isIn("a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"create", "move", "copy", "switchOver"})
    void staysWhenAStepFails(String call) {
        fixture.plane.failing = call;
        JobInfo job = move("b");
        assertThat(job.state()).isEqualTo("failed");
        fixture.plane.failing = "";
        isIn("a");
        assertThat(move("b").state()).isEqualTo("done");
        isIn("b");
    }

    /** The state names the copy by then: it is what counts, whatever fails. */
    @Test
    void whatTheStateNamesIsNotRemovedWhenTheRestFails() {
        fixture.plane.failing = "switched";
        assertThat(move("b").state()).isEqualTo("failed");
        fixture.plane.failing = "";
        assertThat(pool()).isEqualTo("b");
        fixture.crash();
        isIn("b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rename", "remove"})
    void hasMovedWhenWhatIsLeftCannotBeRemoved(String call) {
        fixture.plane.failing = call;
        JobInfo job = move("b");
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(job.result()).contains("what is left of it in pool a is removed when the daemon is started again");
        assertThat(pool()).isEqualTo("b");
        fixture.plane.failing = "";
        fixture.crash();
        isIn("b");
    }

    @Test
    void aHalfMadeCopyIsRemovedAfterACrash() {
        // As if the daemon had ended before the switch: the copy is there.
        LayerFacts original = fixture.fakePool("a").layers().getFirst();
        fixture.fakePool("b")
                .create(
                        new VolumeSpec(
                                "~d",
                                original.id(),
                                original.sizeBytes(),
                                original.blockSizeBytes(),
                                false,
                                false,
                                original.createdAt(),
                                original.attributes()),
                        null);
        fixture.crash();
        isIn("a");
    }

    @Test
    void isRefusedByName() {
        assertProblem(ProblemCode.MOVE_REFUSED, () -> move("a"));
        assertProblem(ProblemCode.UNKNOWN_POOL, () -> move("none"));
        assertProblem(ProblemCode.BAD_REQUEST, () -> fixture.services.moves().move("d", new MoveVnvme(null, false)));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> fixture.services.moves().move("x", new MoveVnvme("b", false)));
        fixture.services.snapshots().take("d", "s");
        assertProblem(ProblemCode.MOVE_REFUSED, () -> move("b"));
        fixture.services.snapshots().remove("d@s");
        fixture.file("small", 16 * MIB);
        fixture.pool("c", "small");
        fixture.services
                .vnvmes()
                .create(new CreateVnvme(
                        "thick", 32 * MIB, "a", true, false, null, false, null, null, null, false, null));
        assertProblem(ProblemCode.NO_SPACE, () -> fixture.services.moves().move("thick", new MoveVnvme("c", false)));
        assertThat(volumes("a")).containsExactly("d", "thick");
        assertThat(volumes("b")).isEmpty();
    }
}
