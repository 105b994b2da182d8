package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DrainPool;
import io.vnvme.control.model.ImportPool;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.plane.LayerFacts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pools that are emptied, with others that come, go, and are emptied themselves. */
final class PoolDrainsTest {
    @TempDir
    Path folder;

    private Fixture fixture;

    @BeforeEach
    void start() {
        fixture = new Fixture(folder);
        for (String name : List.of("a", "b")) {
            pool(name, 64);
        }
        create("d", "a");
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private void pool(String name, int sizeMib) {
        fixture.file("drive-" + name, sizeMib * MIB);
        fixture.pool(name, "drive-" + name);
    }

    private void create(String name, String pool) {
        fixture.services.vnvmes().create(CreateVnvme.thin(name, 16 * MIB).inPool(pool));
    }

    private JobInfo drain(String pool) {
        return fixture.services.drains().drain(pool, new DrainPool(null, false));
    }

    private String state(JobInfo job) {
        return fixture.services.jobs().show(job.id(), Duration.ZERO).state();
    }

    private List<String> volumes(String pool) {
        return fixture.fakePool(pool).layers().stream().map(LayerFacts::name).toList();
    }

    /** Where they go is known when other pools are open. */
    @Test
    void aDrainGoesOnAfterACrash() {
        create("e", "a");
        fixture.plane.copying = true;
        JobInfo job = drain("a");
        await().until(() -> volumes("b").size() == 1);
        fixture.crash();
        assertThat(fixture.ended(job).result()).isEqualTo("pool a is empty: 2 moved");
        assertThat(volumes("a")).isEmpty();
        assertThat(volumes("b")).containsExactlyInAnyOrder("d", "e");
    }

    @Test
    void aPoolThatIsDrainedIsNoPlaceToGo() {
        pool("c", 64);
        create("e", "c");
        fixture.fakePool("b").usedBytes = 32 * MIB;
        fixture.plane.copying = true;
        CountDownLatch scrubs = new CountDownLatch(1);
        fixture.fakePool("a").gate = scrubs;
        JobInfo scrub = fixture.services.pools().scrub("a");
        JobInfo first = fixture.services.drains().drain("a", new DrainPool("b", false));
        await().until(() -> volumes("b").contains("~d"));
        assertProblem(ProblemCode.MOVE_REFUSED, () -> fixture.services.drains().drain("b", new DrainPool("a", false)));
        JobInfo second = drain("c");
        await().until(() -> volumes("b").contains("~e"));
        for (JobInfo job : List.of(first, second)) {
            fixture.services.jobs().cancel(job.id());
            assertThat(fixture.ended(job).state()).isEqualTo("cancelled");
        }
        assertThat(volumes("b")).isEmpty();
        scrubs.countDown();
        assertThat(fixture.ended(scrub).state()).isEqualTo("done");
    }

    @Test
    void aDrainThatIsCancelledLeavesTheRest() {
        create("e", "a");
        fixture.plane.copying = true;
        JobInfo job = fixture.services.drains().drain("a", new DrainPool("b", false));
        await().until(() -> volumes("b").size() == 1);
        fixture.services.jobs().cancel(job.id());
        assertThat(fixture.ended(job).state()).isEqualTo("cancelled");
        assertThat(volumes("a")).containsExactlyInAnyOrder("d", "e");
        assertThat(volumes("b")).isEmpty();
    }

    @Test
    void aPoolIsDrained() {
        create("e", "a");
        create("f", "a");
        fixture.services.snapshots().take("e", "s");
        JobInfo job = fixture.ended(fixture.services.drains().drain("a", new DrainPool("b", false)));
        assertThat(job.state()).isEqualTo("failed");
        assertThat(job.result())
                .startsWith("pool a is not empty: 2 moved, and there stay e (e has snapshots (e@s): move them too");
        assertThat(volumes("b")).containsExactlyInAnyOrder("d", "f");
        job = fixture.ended(fixture.services.drains().drain("a", new DrainPool(null, true)));
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(job.result()).isEqualTo("pool a is empty: 1 moved");
        assertThat(volumes("a")).isEmpty();
        assertProblem(ProblemCode.MOVE_REFUSED, () -> fixture.services.drains().drain("a", new DrainPool("a", false)));
    }

    /** What lies in RAM is gone with the daemon, what lies on null drives at once. */
    @Test
    void whatKeepsNothingIsNoPlaceToGo() {
        fixture.services.pools().destroy("b", false);
        fixture.services.drives().claim(ClaimDrive.of("null:1G", null, "nothing", false));
        fixture.pool("null", "nothing");
        fixture.services.drives().claim(ClaimDrive.of("ram:256M", null, "memory", false));
        fixture.pool("ram", "memory");
        assertProblem(ProblemCode.POOL_UNAVAILABLE, () -> drain("a"));
        assertProblem(
                ProblemCode.MOVE_REFUSED, () -> fixture.services.drains().drain("a", new DrainPool("null", false)));
        pool("small", 32);
        assertThat(fixture.ended(drain("a")).state()).isEqualTo("done");
        assertThat(volumes("small")).containsExactly("d");
        JobInfo named = fixture.ended(fixture.services.drains().drain("small", new DrainPool("ram", false)));
        assertThat(named.state()).as(named.result()).isEqualTo("done");
        assertThat(volumes("ram")).containsExactly("d");
        // Back to where it is kept, of its own accord.
        assertThat(fixture.ended(drain("ram")).state()).isEqualTo("done");
        assertThat(volumes("ram")).isEmpty();
    }

    @Test
    void aPoolThatHasStoppedIsNoPlaceToGo() {
        fixture.fakePool("b").doubt = "pool b has stopped in this test";
        assertProblem(ProblemCode.POOL_UNAVAILABLE, () -> drain("a"));
        pool("small", 32);
        assertThat(fixture.ended(drain("a")).state()).isEqualTo("done");
        assertThat(volumes("small")).containsExactly("d");
    }

    /** What is found unfinished in a pool that is looked at is removed: nothing may have begun there before. */
    @Test
    void aDrainGoesOnWhenAllPoolsWereLookedAt() {
        pool("c", 128);
        fixture.plane.copying = true;
        JobInfo job = drain("a");
        await().until(() -> volumes("c").contains("~d"));
        fixture.fakePool("c").remove("~d");
        // Between two pools that go on, the drain of the first one gets as far as it can.
        fixture.fakePool("b").whenReminded =
                () -> await().until(() -> volumes("c").contains("~d"));
        fixture.crashInto(plane -> plane.copying = true);
        assertThat(volumes("c")).containsExactly("~d");
        fixture.plane.copying = false;
        JobInfo after = fixture.ended(job);
        assertThat(after.state()).as(after.result()).isEqualTo("done");
        assertThat(volumes("c")).containsExactly("d");
        assertThat(volumes("a")).isEmpty();
    }

    /** Two are emptied to wherever there is room, and that is not open yet: neither goes to the other. */
    @Test
    void poolsThatAreToBeEmptiedAreNoPlaceToGoAfterARestart() {
        List<JobInfo> jobs = twoThatWait();
        for (JobInfo job : jobs) {
            assertThat(state(job)).isEqualTo("interrupted");
        }
        fixture.watch = Duration.ofMillis(20);
        fixture.crash();
        fixture.disk("drive-c").there = true;
        for (JobInfo job : jobs) {
            await().until(() -> state(job).equals("done"));
        }
        assertThat(volumes("c")).containsExactlyInAnyOrder("d", "e");
    }

    /** Pools a and b, which are to be emptied, and c, which has gone with a restart. */
    private List<JobInfo> twoThatWait() {
        pool("c", 128);
        create("e", "b");
        fixture.plane.copying = true;
        List<JobInfo> jobs = List.of(drain("a"), drain("b"));
        await().until(() -> volumes("c").containsAll(List.of("~d", "~e")));
        fixture.disk("drive-c").there = false;
        fixture.crash();
        assertThat(volumes("a")).containsExactly("d");
        assertThat(volumes("b")).containsExactly("e");
        return jobs;
    }

    @Test
    void aDrainThatWaitsForAPoolCanBeCancelled() {
        List<JobInfo> jobs = twoThatWait();
        fixture.services.jobs().cancel(jobs.getFirst().id());
        assertThat(state(jobs.getFirst())).isEqualTo("cancelled");
        fixture.crash();
        assertThat(state(jobs.getFirst())).isEqualTo("cancelled");
        // Nobody empties a any more: there is a place to go.
        assertThat(fixture.ended(jobs.get(1)).state()).isEqualTo("done");
        assertThat(volumes("a")).containsExactlyInAnyOrder("d", "e");
    }

    /** There is one that is open, and it is too small for all: more are to come. */
    @Test
    void aDrainWaitsForAPoolWithRoom() {
        pool("c", 128);
        fixture.fakePool("a").usedBytes = 48 * MIB;
        fixture.fakePool("b").usedBytes = 32 * MIB;
        fixture.plane.copying = true;
        JobInfo job = drain("a");
        await().until(() -> volumes("c").contains("~d"));
        fixture.disk("drive-c").there = false;
        fixture.crash();
        assertThat(state(job)).isEqualTo("interrupted");
        fixture.fakePool("b").usedBytes = 0;
        fixture.watch = Duration.ofMillis(20);
        fixture.crash();
        assertThat(fixture.ended(job).state()).isEqualTo("done");
        assertThat(volumes("b")).containsExactly("d");
    }

    @Test
    void aDrainEndsWhenThereIsNoOtherPoolAnyMore() {
        pool("c", 128);
        fixture.plane.copying = true;
        JobInfo job = drain("a");
        await().until(() -> volumes("c").contains("~d"));
        fixture.disk("drive-a").there = false;
        fixture.watch = Duration.ofMillis(20);
        fixture.crash();
        fixture.services.pools().destroy("b", false);
        assertThat(state(job)).isEqualTo("interrupted");
        fixture.services.pools().destroy("c", false);
        await().until(() -> state(job).equals("failed"));
        assertThat(fixture.ended(job).result()).contains("there is no other pool than a");
    }

    /** All is said that is there, and nothing is called empty that is not. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void whatIsLeftOverIsSaid(int removed) {
        fixture.services.snapshots().take("d", "s");
        fixture.plane.passing.set(removed);
        fixture.plane.failing = "remove";
        JobInfo job = fixture.ended(fixture.services.drains().drain("a", new DrainPool("b", true)));
        assertThat(job.state()).isEqualTo("failed");
        String left = "left over from its move: it is removed when the daemon is started again";
        assertThat(job.result())
                .startsWith("pool a is not empty: 1 moved")
                .contains("d (%s)".formatted(left))
                .matches(text -> text.contains("d@s (%s)".formatted(left)) == (removed == 0));
        fixture.crash();
        job = fixture.ended(fixture.services.drains().drain("a", new DrainPool("b", true)));
        assertThat(job.result()).isEqualTo("pool a is empty: 0 moved");
    }

    @Test
    void whatNobodyKnowsIsSaid() {
        fixture.fakePool("a").cloneOf("d", "stranger", UUID.randomUUID(), new byte[0]);
        JobInfo job = fixture.ended(drain("a"));
        assertThat(job.state()).isEqualTo("failed");
        assertThat(job.result()).contains("1 moved, and there stay stranger (no vNVMe is known for it");
    }

    @Test
    void aPoolThatAnotherIsEmptiedIntoIsNotEmptied() {
        pool("c", 64);
        fixture.plane.copying = true;
        JobInfo job = fixture.services.drains().drain("a", new DrainPool("b", false));
        await().until(() -> volumes("b").contains("~d"));
        assertProblem(ProblemCode.MOVE_REFUSED, () -> drain("b"));
        fixture.services.jobs().cancel(job.id());
        assertThat(fixture.ended(job).state()).isEqualTo("cancelled");
        assertThat(fixture.ended(drain("b")).state()).isEqualTo("done");
    }

    private String poolOf(String vnvme) {
        return fixture.services.vnvmes().show(vnvme).pool();
    }

    /** Where nobody says where it goes. */
    @Test
    void aNewVolumeGoesWhereItLasts() {
        fixture.claim("ram1");
        fixture.pool("memory", "ram1");
        fixture.fakePool("a").usedBytes = 40 * MIB;
        fixture.fakePool("b").usedBytes = 30 * MIB;
        fixture.create("e", 16 * MIB);
        assertThat(poolOf("e")).isEqualTo("b");
        // More space, but only until it has been emptied.
        fixture.fakePool("a").usedBytes = 0;
        fixture.plane.copying = true;
        CountDownLatch scrubs = new CountDownLatch(1);
        fixture.fakePool("a").gate = scrubs;
        JobInfo scrub = fixture.services.pools().scrub("a");
        JobInfo drain = drain("a");
        fixture.create("f", 16 * MIB);
        assertThat(poolOf("f")).isEqualTo("b");
        scrubs.countDown();
        fixture.ended(scrub);
        fixture.ended(drain);
    }

    @Test
    void whatWaitsForAPoolGoesOnWhenThatIsImported() {
        fixture.plane.copying = true;
        JobInfo job = fixture.services.moves().move("d", new MoveVnvme("b", false));
        await().until(() -> volumes("b").size() == 1);
        fixture.disk("drive-a").there = false;
        fixture.crash();
        fixture.services.poolImport().giveAway("b");
        fixture.disk("drive-a").there = true;
        fixture.crash();
        assertThat(state(job)).isEqualTo("interrupted");
        fixture.services.poolImport().take(new ImportPool("b", false, null));
        assertThat(fixture.ended(job).state()).isEqualTo("done");
        assertThat(poolOf("d")).isEqualTo("b");
    }
}
