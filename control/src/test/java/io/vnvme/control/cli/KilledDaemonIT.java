package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.seed.Seed;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The daemon is killed under load again and again: what a FLUSH had covered is there each time, and nothing else than what
 * was written. {@code -Dvnvme.kills=100} is the long version.
 */
class KilledDaemonIT {
    private static final int KILLS = Integer.getInteger("vnvme.kills", 5);
    private static final int BLOCKS = 3000;

    @TempDir
    Path folder;

    @Test
    void aFileKeepsWhatWasFlushed() throws IOException, InterruptedException {
        Path image = folder.resolve("drive.img");
        killAgainAndAgain(image.toString(), "--size", "64M");
    }

    @Test
    void aLoopDeviceKeepsWhatWasFlushed() throws IOException, InterruptedException {
        Path image = folder.resolve("loop.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(64 << 20);
        }
        Process losetup = new ProcessBuilder("losetup", "--find", "--show", image.toString())
                .redirectErrorStream(true)
                .start();
        String device = new String(losetup.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        Assumptions.assumeTrue(losetup.waitFor() == 0, () -> "skipped: this machine gives no loop device: " + device);
        try {
            killAgainAndAgain(device);
        } finally {
            new ProcessBuilder("losetup", "--detach", device).start().waitFor();
        }
    }

    private void killAgainAndAgain(String drive, String... claimOptions) throws IOException, InterruptedException {
        SplittableRandom random = Seed.ofRun("KilledDaemonIT").random();
        JournalledLoad load = new JournalledLoad(BLOCKS);
        try (DaemonUnderTest daemon = new DaemonUnderTest(folder)) {
            List<String> claim = new ArrayList<>(List.of("drive", "claim", drive));
            claim.addAll(List.of(claimOptions));
            daemon.vnvme(claim.toArray(String[]::new));
            daemon.vnvme("create", "d1", "--size", "1G");
            int flushes = 0;
            for (int round = 0; round < KILLS; round++) {
                AtomicBoolean gone = new AtomicBoolean();
                CountDownLatch begun = new CountDownLatch(1);
                SplittableRandom own = random.split();
                CompletableFuture<Integer> running = CompletableFuture.supplyAsync(
                        () -> load.run(daemon.socket("d1"), own, begun::countDown, gone::get),
                        task -> Thread.ofPlatform().start(task));
                assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();
                Thread.sleep(20 + random.nextInt(300));
                if (round % 3 == 1) {
                    daemon.vnvme("snapshot", "d1", "s" + round);
                }
                daemon.kill();
                gone.set(true);
                flushes += running.join();
                daemon.startAgain();
                load.verify(daemon.socket("d1"));
            }
            assertThat(flushes).isPositive();
            assertThat(daemon.vnvme("pool", "scrub", "pool0")).contains("nothing is wrong");
        }
    }
}
