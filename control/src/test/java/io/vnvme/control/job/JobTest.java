package io.vnvme.control.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.store.JobPlan;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

class JobTest {
    private final Job job =
            new Job(1, new JobPlan.Scrub("pool-uuid", null), "p", "somebody", true, InstantSource.system(), _ -> {});

    /** What has left everything to go on later is not said to be cancelled, with all of that still there. */
    @Test
    void oneThatStopsWithTheDaemonIsNotCancelledAnyMore() {
        job.stop();
        assertThat(job.cancel()).isFalse();
        assertThat(job.interrupted()).isTrue();
        assertThat(job.cancelled()).isTrue();
    }

    @Test
    void oneThatIsCancelledDoesNotGoOnLater() {
        assertThat(job.cancel()).isTrue();
        job.stop();
        assertThat(job.interrupted()).isFalse();
        assertThat(job.cancelled()).isTrue();
        assertThat(job.cancel()).isTrue();
    }
}
