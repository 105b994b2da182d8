package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.frontend.vfiouser.DoorbellAccess;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.seed.Seed;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A reactor that sleeps as soon as it may, and a guest that comes at any moment of that: a wake-up that is lost is a command
 * that never ends, which the driver takes for a defect. {@code -Dvnvme.cycles=N} goes to sleep more often.
 */
@Timeout(3600)
final class SleepWakeTest {
    private static final int CYCLES = Integer.getInteger("vnvme.cycles", 10_000);
    private static final int SUBMISSION_ENTRIES = 8;
    /** Fewer than submissions: commands wait for the guest to take completions, and the reactor for its doorbell. */
    private static final int COMPLETION_ENTRIES = 3;

    private static final int DEPTH_MAX = 4;
    private static final int PAUSE_MAX_NS = 40_000;

    @TempDir
    private Path folder;

    @Test
    void aGuestWithShadowDoorbellsRingsWhenItIsAsked() {
        try (ServedDrive drive = sleeper(DoorbellAccess.AUTO);
                SocketDevice device = SocketDevice.openTrapped(socket(), RamLayout.single(1 << 20), 1)) {
            NvmeDriver driver = NvmeDriver.start(device);
            driver.useShadowDoorbells(device.ram().allocate(4096), device.ram().allocate(4096))
                    .orThrow();
            long realWrites = driver.doorbells().realWrites();
            cycles(driver, drive);
            assertThat(driver.doorbells().realWrites()).isGreaterThan(realWrites);
        }
    }

    @Test
    void aGuestWithoutShadowDoorbellsRingsAlways() {
        try (ServedDrive drive = sleeper(DoorbellAccess.AUTO);
                SocketDevice device = SocketDevice.openTrapped(socket(), RamLayout.single(1 << 20), 1)) {
            cycles(NvmeDriver.start(device), drive);
        }
    }

    @Test
    void aPolledGuestIsFoundByALook() {
        try (ServedDrive drive = sleeper(DoorbellAccess.AUTO);
                SocketDevice device = SocketDevice.open(socket(), RamLayout.single(1 << 20), 1)) {
            assertThat(device.doorbells()).isNotNull();
            cycles(NvmeDriver.start(device), drive);
        }
    }

    private Path socket() {
        return folder.resolve("cntrl");
    }

    private ServedDrive sleeper(DoorbellAccess doorbells) {
        VfioUserEndpoint.Options options = new VfioUserEndpoint.Options(false).withDoorbells(doorbells);
        return ServedDrive.open(socket(), 1 << 20, options, IdlePolicy.INTERRUPT);
    }

    private static void cycles(NvmeDriver driver, ServedDrive drive) {
        SplittableRandom random = Seed.ofRun("sleep and wake").random();
        driver.createCompletionQueue(1, COMPLETION_ENTRIES, -1).orThrow();
        driver.createSubmissionQueue(1, SUBMISSION_ENTRIES, 1, 0).orThrow();
        QueuePair pair = driver.pair(1);
        int[] cids = new int[DEPTH_MAX];
        long sleeps = drive.meter().sleeps();
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            int depth = random.nextInt(4) > 0 ? 1 : 1 + random.nextInt(DEPTH_MAX);
            for (int i = 0; i < depth; i++) {
                cids[i] = pair.start(Command.flush(1));
            }
            for (int i = 0; i < depth; i++) {
                pair.await(cids[i]).orThrow();
            }
            pause(random.nextInt(random.nextBoolean() ? PAUSE_MAX_NS / 8 : PAUSE_MAX_NS));
        }
        assertThat(drive.meter().sleeps()).isGreaterThan(sleeps);
        assertThat(drive.failures()).isEmpty();
    }

    private static void pause(int durationNs) {
        long fromNs = System.nanoTime();
        while (System.nanoTime() - fromNs < durationNs) {
            Thread.onSpinWait();
        }
    }
}
