package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.testkit.seed.FuzzLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The list of jobs, torn or with values that make no sense: the daemon starts, every job that it takes up ends, and no number is
 * given twice that can be read still.
 */
class JobsFuzz {
    private static final Pattern VALUE = Pattern.compile(":(\"[^\"]*\"|-?\\d+|true|false|null)");
    private static final List<String> WILD = List.of(
            "null",
            "-1",
            "0",
            "9223372036854775807",
            "18446744073709551616",
            "1e99",
            "\"\"",
            "\"/\"",
            "\"\\u0000\"",
            "[]",
            "{}",
            "true",
            "\"running\"",
            "\"done\"",
            "\"import\"",
            "\"scrub\"",
            "\"p\"",
            "\"../../x\"");

    @TempDir
    Path folder;

    private int damaged;
    private int resumed;

    @Test
    void damagedListsStopNobody() throws IOException {
        Fixture on = new Fixture(folder);
        String good = jobs(on);
        FuzzLoop.run("JobsFuzz", random -> round(random, on, good));
        on.close();
        assertThat(damaged).isPositive();
        assertThat(resumed).isPositive();
    }

    /** A list with a job of each kind under way, and one that has ended. */
    private String jobs(Fixture on) throws IOException {
        AtomicLong seconds = new AtomicLong();
        on.clock = () -> Instant.ofEpochSecond(seconds.addAndGet(2));
        on.restart();
        on.file("a", 64 << 20);
        on.pool("p", "a");
        on.create("d", 2 * MIB);
        on.fakePool("p").open("d").write(0, ByteBuffer.allocate((int) (2 * MIB)).putLong(0, 1));
        on.ended(on.services.pools().scrub("p"));
        on.fakePool("p").permits = new Semaphore(0);
        on.fakePool("p").gate = new CountDownLatch(1);
        Path image = folder.resolve("image.raw");
        Files.write(image, new byte[] {1});
        on.services.transfers().importFile(new ImportVolume(image.toString(), "raw", CreateVnvme.thin("e", MIB)));
        Files.createDirectory(folder.resolve("out"));
        on.services
                .transfers()
                .export(new ExportVolume("d", folder.resolve("out/d.raw").toString(), null, null));
        on.services.pools().scrub("p");
        Path list = folder.resolve("jobs.jsonl");
        await().until(() -> Files.readString(list).contains("\"part\":{")
                && Files.readString(list).contains("\"mark\":{"));
        return Files.readString(list);
    }

    private void round(SplittableRandom random, Fixture on, String good) throws IOException {
        String text = good;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            text = random.nextInt(3) == 0 ? torn(random, text) : wild(random, text);
        }
        on.fakePool("p").permits = new Semaphore(Integer.MAX_VALUE);
        on.fakePool("p").gate = new CountDownLatch(0);
        Files.writeString(folder.resolve("jobs.jsonl"), text);
        on.crash();
        List<JobInfo> known = on.services.jobs().list();
        known.forEach(job -> on.ended(job));
        JobInfo next = on.ended(on.services.pools().scrub("p"));
        assertThat(next.state()).isEqualTo("done");
        if (next.resumedAt() == null) {
            assertThat(known).allSatisfy(job -> assertThat(job.id()).isLessThan(next.id()));
        } else {
            // Damage has made two scrubs of one pool that were under way: only one went on by itself.
            assertThat(known).anySatisfy(job -> {
                assertThat(job.id()).isEqualTo(next.id());
                assertThat(job.state()).isEqualTo("interrupted");
            });
        }
        damaged += on.services.events().counts().containsKey(EventKind.JOBS_NOT_KEPT) ? 1 : 0;
        resumed += on.services.events().counts().containsKey(EventKind.JOB_RESUMED) ? 1 : 0;
        on.services.close();
    }

    private static String torn(SplittableRandom random, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0) {
            return text;
        }
        switch (random.nextInt(3)) {
            case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            default -> {
                int from = random.nextInt(bytes.length);
                return text.substring(0, Math.min(from, text.length()))
                        + text.substring(Math.min(from + random.nextInt(40), text.length()));
            }
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** Another value in one of the places for values. */
    private static String wild(SplittableRandom random, String text) {
        Matcher values = VALUE.matcher(text);
        long count = values.results().count();
        if (count == 0) {
            return text;
        }
        values.reset();
        for (int i = random.nextInt((int) count); i >= 0; i--) {
            values.find();
        }
        return text.substring(0, values.start(1))
                + WILD.get(random.nextInt(WILD.size()))
                + text.substring(values.end(1));
    }
}
