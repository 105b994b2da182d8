package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.nvmetcp.PathView;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.testkit.server.ServedTarget;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Nothing goes to a namespace that is not the drive, whenever it takes its place. */
class SameNamespaceTest {
    private static final int DRIVE_BYTES = 16 << 20;
    private static final int KIB = 1024;
    private static final int IDENTIFY_BYTES = 4096;
    /** Type and length of a UUID in a list of descriptors. */
    private static final int UUID_TYPE = 3;

    private static final int UUID_BYTES = 16;

    /** Both are asked before it is known of either: two targets that somebody gave the same name. */
    @Test
    void pathsThatAreFoundTogetherLeadToTheSame() {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                ServedTarget other = ServedTarget.open(DRIVE_BYTES);
                Network network = new Network(other.address())) {
            network.change(SameNamespaceTest::withAnotherUuid);
            for (int round = 0; round < 10; round++) {
                oneOfThemIsUsed(target, network);
            }
        }
    }

    private static void oneOfThemIsUsed(ServedTarget target, Network network) {
        try (Remote remote = new Remote(RemoteOptions.usual(), target.address().getPort(), network.port())) {
            remote.until(
                    "both were tried",
                    () -> remote.health().paths().stream()
                            .noneMatch(path -> path.state().equals("connecting")));
            assertThat(remote.health().paths()).filteredOn(PathView::live).hasSize(1);
            assertThat(remote.health().paths())
                    .filteredOn(path -> !path.live())
                    .allSatisfy(path -> assertThat(path.trouble()).contains("another namespace: uuid."));
        }
    }

    /** Its subsystem says that something has changed: another one is there under its number. */
    @Test
    void oneThatIsExchangedIsNotUsed() {
        RemoteOptions options = RemoteOptions.usual().lossTime(Duration.ofSeconds(10));
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Network network = new Network(target.address());
                Remote remote = new Remote(options, network.port())) {
            remote.write(0, 4 * KIB, 1);
            network.change(SameNamespaceTest::withAnotherUuid);
            target.onReactor(() -> target.namespace()
                    .controllers()
                    .forEach(controller -> controller.namespaces().changed(1)));
            remote.until("lost", () -> remote.health().paths().getFirst().losses() == 1);
            assertThat(remote.health().paths().getFirst().trouble()).contains("another namespace: uuid.");
            network.change(pdu -> pdu);
            assertThat(remote.read(0, 4 * KIB)).isOne();
        }
    }

    /** A list of descriptors, whose UUID becomes another. */
    private static byte[] withAnotherUuid(byte[] pdu) {
        byte[] changed = pdu.clone();
        for (int at = 0; pdu.length >= IDENTIFY_BYTES && at < pdu.length - UUID_BYTES; at++) {
            boolean descriptor =
                    pdu[at] == UUID_TYPE && pdu[at + 1] == UUID_BYTES && pdu[at + 2] == 0 && pdu[at + 3] == 0;
            // The one that all namespaces of this test's targets have: 1 in its first half, 2 in the other.
            if (descriptor && pdu[at + 11] == 1 && pdu[at + 19] == 2) {
                changed[at + 19] = 9;
            }
        }
        return changed;
    }
}
