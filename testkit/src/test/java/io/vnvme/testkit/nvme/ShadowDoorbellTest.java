package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Doorbell Buffer Config (NVM Express Base 2.0, 5.8 and B.5). */
final class ShadowDoorbellTest {
    private final Guest guest = Guest.start();
    private final NvmeDriver driver = guest.driver();
    private final Buffer shadow = guest.ram().allocate(4096);
    private final Buffer events = guest.ram().allocate(4096);

    @AfterEach
    void close() {
        guest.close();
    }

    @Test
    void queuesRunOnDoorbellsInMemory() {
        assertThat(driver.useShadowDoorbells(shadow, events).ok()).isTrue();
        QueuePair pair = guest.ioPair();
        long real = driver.doorbells().realWrites();
        for (int i = 0; i < 1000; i++) {
            assertThat(pair.execute(Command.flush(1)).ok()).isTrue();
        }
        assertThat(driver.doorbells().realWrites() - real)
                .as("only when asked for")
                .isLessThan(2000);
    }

    @Test
    void configuredWhileQueuesExist() {
        QueuePair pair = guest.ioPair();
        for (int i = 0; i < 100; i++) {
            pair.execute(Command.flush(1)).orThrow();
        }
        assertThat(driver.useShadowDoorbells(shadow, events).ok()).isTrue();
        for (int i = 0; i < 100; i++) {
            pair.execute(Command.flush(1)).orThrow();
        }
    }

    /** Older Linux kernels do not clear the shadow entries of a queue that they create anew. */
    @Test
    void staleShadowsOfANewQueueDoNotCount() {
        driver.useShadowDoorbells(shadow, events).orThrow();
        QueuePair pair = guest.ioPair();
        for (int i = 0; i < 10; i++) {
            pair.execute(Command.flush(1)).orThrow();
        }
        driver.deletePair(1);
        shadow.segment().set(ValueLayout.JAVA_INT, 8, 40);
        shadow.segment().set(ValueLayout.JAVA_INT, 12, 40);
        QueuePair again = driver.createPair(1, 64, 1);
        guest.settle();
        assertThat(again.completions().drain()).isZero();
        for (int i = 0; i < 200; i++) {
            again.execute(Command.flush(1)).orThrow();
        }
    }

    @Test
    void resetGoesBackToRealDoorbells() {
        driver.useShadowDoorbells(shadow, events).orThrow();
        guest.ioPair().execute(Command.flush(1)).orThrow();
        driver.disable();
        driver.enable(io.vnvme.testkit.driver.EnableOptions.usual());
        QueuePair pair = guest.ioPair();
        for (int i = 0; i < 100; i++) {
            pair.execute(Command.flush(1)).orThrow();
        }
    }

    @Test
    void wrongBuffers() {
        assertThat(configure(shadow.iova(4), events.iova())).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
        assertThat(configure(shadow.iova(), events.iova(4))).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
        assertThat(configure(0x7F00_0000_0000L, events.iova())).isNotEqualTo(outcome(Status.SUCCESS));
        assertThat(configure(shadow.iova(), 0x7F00_0000_0000L)).isNotEqualTo(outcome(Status.SUCCESS));
        guest.ioPair().execute(Command.flush(1)).orThrow();
    }

    private String configure(long shadowIova, long eventsIova) {
        return outcome(
                driver.admin(Command.of(AdminOpcode.DOORBELL_BUFFER_CONFIG).prp(shadowIova, eventsIova)));
    }

    @Test
    void nonsenseInShadowsIsHarmless() {
        driver.useShadowDoorbells(shadow, events).orThrow();
        QueuePair pair = guest.ioPair();
        for (int value : new int[] {-1, 64, 1 << 20, Integer.MIN_VALUE}) {
            shadow.segment().set(ValueLayout.JAVA_INT, 8, value);
            shadow.segment().set(ValueLayout.JAVA_INT, 12, value);
            guest.settle();
        }
        shadow.segment().set(ValueLayout.JAVA_INT, 8, 0);
        shadow.segment().set(ValueLayout.JAVA_INT, 12, 0);
        assertThat(driver.fatal()).isFalse();
        assertThat(pair.execute(Command.flush(1)).ok()).isTrue();
    }
}
