package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.plane.VolumeIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransfersTest {
    @TempDir
    Path folder;

    private Fixture on;

    @BeforeEach
    void setUp() {
        on = new Fixture(folder);
        on.claim("ram1");
        on.create("d", 8 * MIB);
        byte[] data = new byte[4096];
        for (int i = 0; i < 20; i++) {
            Arrays.fill(data, (byte) (i + 1));
            on.fakePool("pool0").open("d").write(i * 300_000L / 4096 * 4096, ByteBuffer.wrap(data));
        }
    }

    @AfterEach
    void tearDown() {
        on.close();
    }

    private byte[] content(String volume) {
        VolumeIo io = on.fakePool("pool0").open(volume);
        ByteBuffer all = ByteBuffer.allocate((int) io.sizeBytes());
        io.read(0, all);
        return all.array();
    }

    private JobInfo export(String source, Path file, @Nullable String format) {
        return on.ended(on.services.transfers().export(new ExportVolume(source, file.toString(), format, null)));
    }

    private JobInfo importFile(Path file, @Nullable String format, String name, long sizeBytes) {
        return on.ended(on.services
                .transfers()
                .importFile(new ImportVolume(file.toString(), format, CreateVnvme.thin(name, sizeBytes))));
    }

    @Test
    void rawGoesOutAndComesIn() throws IOException {
        Path file = folder.resolve("d.raw");
        assertThat(export("d", file, null).state()).isEqualTo("done");
        assertThat(Files.readAllBytes(file)).isEqualTo(content("d"));
        assertThat(on.fakePool("pool0").layers()).hasSize(1);
        assertThat(importFile(file, null, "e", 0).state()).isEqualTo("done");
        assertThat(content("e")).isEqualTo(content("d"));
        assertThat(on.services.vnvmes().show("e").usedBytes())
                .isEqualTo(on.services.vnvmes().show("d").usedBytes());
        assertThat(on.plane.exports).containsOnlyKeys("d", "e");
    }

    @Test
    void aSnapshotGoesOutAsItWas() throws IOException {
        on.services.snapshots().take("d", "s");
        byte[] before = content("d");
        on.fakePool("pool0").open("d").write(0, ByteBuffer.allocate(4096));
        Path file = folder.resolve("s.raw");
        export("d@s", file, "raw");
        assertThat(Files.readAllBytes(file)).hasSize((int) (8 * MIB)).isEqualTo(before);
    }

    @Test
    void sizesThatAreNoMultipleAreFilledUp() throws IOException {
        Path file = folder.resolve("odd.raw");
        Files.write(file, new byte[] {1, 2, 3});
        assertThat(importFile(file, null, "odd", 0).state()).isEqualTo("done");
        assertThat(on.services.vnvmes().show("odd").sizeBytes()).isEqualTo(4096);
        assertThat(content("odd")).startsWith(1, 2, 3, 0);
        importFile(file, null, "larger", MIB);
        assertThat(on.services.vnvmes().show("larger").sizeBytes()).isEqualTo(MIB);
    }

    @Test
    void refusesWhatMakesNoSense() throws IOException {
        Path there = folder.resolve("there");
        Files.write(there, new byte[8192]);
        String absent = folder.resolve("absent").toString();
        Transfers transfers = on.services.transfers();
        assertProblem(
                ProblemCode.FILE_REFUSED, () -> transfers.export(new ExportVolume("d", there.toString(), null, null)));
        assertProblem(ProblemCode.FILE_REFUSED, () -> transfers.export(new ExportVolume("d", "/none/x", null, null)));
        assertProblem(ProblemCode.BAD_REQUEST, () -> transfers.export(new ExportVolume("d", "x", null, null)));
        assertProblem(ProblemCode.BAD_REQUEST, () -> transfers.export(new ExportVolume("d", absent, "vhd", null)));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> transfers.export(new ExportVolume("n", absent, null, null)));
        assertProblem(
                ProblemCode.UNKNOWN_SNAPSHOT, () -> transfers.export(new ExportVolume("d@n", absent, null, null)));
        assertProblem(ProblemCode.FILE_REFUSED, () -> importFile(folder.resolve("none"), null, "e", 0));
        assertProblem(ProblemCode.NAME_TAKEN, () -> importFile(there, null, "d", 0));
        assertProblem(ProblemCode.BAD_SIZE, () -> importFile(there, null, "e", 4096));
        assertProblem(ProblemCode.BAD_NAME, () -> importFile(there, null, "E", 0));
        assertThat(on.services.vnvmes().list()).hasSize(1);
    }

    @Test
    void aFailedImportLeavesNothing() throws IOException {
        Path file = folder.resolve("in.raw");
        Files.write(file, "content".getBytes(StandardCharsets.UTF_8));
        on.plane.failing = "write";
        JobInfo job = importFile(file, null, "e", 0);
        assertThat(job.state()).isEqualTo("failed");
        assertThat(job.result()).contains("fails in this test");
        assertThat(on.fakePool("pool0").layers()).hasSize(1);
        assertThat(on.services.events().after(0, Duration.ZERO))
                .extracting("kind")
                .contains("job-failed");
    }

    @Test
    void longWorkIsCancelled() {
        on.fakePool("pool0").gate = new CountDownLatch(1);
        JobInfo job = on.services.pools().scrub("pool0");
        assertThat(job.cancellable()).isTrue();
        assertProblem(ProblemCode.POOL_IN_USE, () -> on.services.pools().scrub("pool0"));
        await().until(() -> on.services.jobs().show(job.id(), Duration.ZERO).progress() == 0.25);
        on.services.jobs().cancel(job.id());
        assertThat(on.ended(job).state()).isEqualTo("cancelled");
        assertProblem(ProblemCode.JOB_ENDED, () -> on.services.jobs().cancel(job.id()));
        assertProblem(ProblemCode.UNKNOWN_JOB, () -> on.services.jobs().cancel(99));
    }
}
