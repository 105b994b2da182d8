package io.vnvme.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.bench.load.LoadResult;
import io.vnvme.bench.load.Workload;
import io.vnvme.testkit.lab.Lab;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("guest")
class PeerIT {
    private static final long SIZE_BYTES = 16 << 20;

    @Test
    void storageDaemonServesAndLeavesNothingBehind(@TempDir Path folder) throws Exception {
        Lab lab = Lab.prepare();
        Path file;
        Path socket;
        long pid;
        try (RamFile ram = RamFile.create("vnvme-peer-it", SIZE_BYTES);
                StorageDaemon server = StorageDaemon.start(lab.qemuStorageDaemon(), folder, ram, 0);
                VhostUserClient client = VhostUserClient.connect(lab.libblkio(), server.socket(), 64)) {
            file = ram.path();
            socket = server.socket();
            pid = server.pid();
            assertThat(client.sizeBytes()).isEqualTo(SIZE_BYTES);
            for (Workload workload : Workload.values()) {
                LoadResult result = client.run(workload, Duration.ofMillis(300));
                assertThat(result.operations()).as(workload.words()).isGreaterThan(64);
                assertThat(result.p50Ns()).isPositive().isLessThanOrEqualTo(result.p99Ns());
            }
        }
        assertThat(file).doesNotExist();
        assertThat(socket).doesNotExist();
        assertThat(ProcessHandle.of(pid)).isEmpty();
    }
}
