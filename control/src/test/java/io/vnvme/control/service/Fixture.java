package io.vnvme.control.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.plane.FakePool;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Services over a data plane without an engine, which can be restarted. */
final class Fixture implements AutoCloseable {
    static final long MIB = 1 << 20;

    final Path folder;
    final FakeDataPlane.World world = new FakeDataPlane.World();
    FakeDataPlane plane;
    Services services;
    List<RamOffer> offers = List.of(new RamOffer("ram0", 16 * MIB), new RamOffer("ram1", 64 * MIB));
    Duration watch = Duration.ofHours(1);
    InstantSource clock = InstantSource.system();

    Fixture(Path folder) {
        this.folder = folder;
        this.plane = new FakeDataPlane(world);
        this.services = open();
    }

    private Services open() {
        return new Services(new ServiceSetup("test", folder, folder, offers, watch).withClock(clock), plane);
    }

    void restart() {
        services.close();
        plane = new FakeDataPlane(world);
        services = open();
    }

    /** The daemon is gone in the middle of everything, and another one starts. */
    void crash() {
        crashInto(_ -> {});
    }

    /** The same; the next one begins with a data plane that does as the test wants. */
    void crashInto(Consumer<FakeDataPlane> next) {
        plane = new FakeDataPlane(world);
        next.accept(plane);
        services = open();
    }

    DriveInfo claim(String spec) {
        return services.drives().claim(ClaimDrive.of(spec, null, null, false));
    }

    /** A claimed drive that is a file of that size. */
    DriveInfo file(String name, long sizeBytes) {
        return services.drives()
                .claim(ClaimDrive.of(
                        folder.resolve("images").resolve(name + ".img").toString(), sizeBytes, name, false));
    }

    FakeDataPlane.Disk disk(String name) {
        return Objects.requireNonNull(
                world.disks.get(folder.resolve("images").resolve(name + ".img").toString()));
    }

    PoolInfo pool(String name, String... drives) {
        return services.pools().create(new CreatePool(name, List.of(drives), null));
    }

    PoolInfo mirror(String name, String... drives) {
        return services.pools().create(new CreatePool(name, List.of(drives), "mirror"));
    }

    VnvmeInfo create(String name, long sizeBytes) {
        return services.vnvmes().create(CreateVnvme.thin(name, sizeBytes)).vnvme();
    }

    JobInfo ended(JobInfo job) {
        return services.jobs().show(job.id(), Duration.ofSeconds(10));
    }

    FakePool fakePool(String name) {
        return world.pools.values().stream()
                .filter(p -> p.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** What a call that must fail fails with. */
    static ProblemException problem(ThrowingCallable call) {
        return Objects.requireNonNull(catchThrowableOfType(ProblemException.class, call), "nothing was refused");
    }

    static void assertProblem(ProblemCode code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ProblemException.class, e -> {
            assertThat(e.code()).as(e.detail()).isEqualTo(code);
            assertThat(e.detail()).doesNotContain("\n").hasSizeGreaterThan(15);
        });
    }

    @Override
    public void close() {
        services.close();
    }
}
