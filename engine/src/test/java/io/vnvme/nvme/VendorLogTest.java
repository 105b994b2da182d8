package io.vnvme.nvme;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Status;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Share;
import io.vnvme.qos.WaitCause;
import io.vnvme.telemetry.CommandMeter;
import io.vnvme.telemetry.PassMeter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Log page C0h, byte for byte as docs/formats/vendor-log.md has it. */
class VendorLogTest {
    private static final long SECOND_NS = 1_000_000_000;

    private final TestVolume volume = new TestVolume(1 << 20);
    private final Share share = new Scheduler().share();
    private final Namespace namespace =
            new Namespace(3, NamespaceIdentity.of(new UUID(1, 3)), volume, 512, false, share);

    private void work() {
        namespace.named("disk-1");
        PassMeter passes = new PassMeter();
        // Two reads of 900 ns, one of 1,500 ns, a write of 2 ms.
        passes.begin(1000);
        passes.ended(namespace.commands(), CommandMeter.READ, 1000);
        passes.ended(namespace.commands(), CommandMeter.READ, 1000);
        passes.begin(1900);
        passes.ended(namespace.commands(), CommandMeter.READ, 1900);
        passes.begin(3400);
        passes.ended(namespace.commands(), CommandMeter.WRITE, 3400);
        passes.begin(2_003_400);
        namespace.counters().read(4096);
        namespace.counters().wrote(512);
        namespace.counters().error();
        namespace.counters().error();
        namespace.counters().mediaError();
        share.limited().command(WaitCause.GROUP_LIMIT);
        share.limited().waits(WaitCause.GROUP_LIMIT, 100);
        share.limited().over(350);
        volume.space.began(SECOND_NS);
        namespace.stalled(30_000_000, 50_000_000);
    }

    private static ByteBuffer expected(int nsid, long times) {
        ByteBuffer page = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        page.putShort(0, (short) 1).putShort(2, (short) 1024).putInt(4, nsid);
        page.put(8, new byte[] {'d', 'i', 's', 'k', '-', '1'});
        page.putLong(48, 3 * times).putLong(56, times);
        page.putLong(72, 4096 * times).putLong(80, 512 * times);
        page.putLong(88, 2 * times).putLong(96, times);
        // Buckets round up to the end of theirs; sums do not.
        page.putLong(104, 3300 * times).putLong(112, 2_000_000 * times);
        page.putLong(144, times).putLong(152, 250 * times);
        page.putLong(176, times).putLong(184, 2 * SECOND_NS * times);
        page.putLong(192, times).putLong(200, 30_000_000 * times);
        page.putLong(256, 2 * times).putLong(264, times);
        page.putLong(512 + 11 * 8, times);
        return page;
    }

    @Test
    void layout() {
        work();
        MemorySegment page = Arena.ofAuto().allocate(1024);
        assertThat(VendorLog.fill(page, 3, List.of(namespace), 3 * SECOND_NS)).isEqualTo(1024);
        assertThat(page.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected(3, 1).array());

        page.fill((byte) 0);
        VendorLog.fill(page, -1, List.of(namespace, namespace), 3 * SECOND_NS);
        assertThat(page.toArray(ValueLayout.JAVA_BYTE))
                .as("of several, added up")
                .isEqualTo(expected(-1, 2).array());
    }

    @Test
    void writesThatWaitForSpaceAreNoSlowDrive() {
        volume.space.began(0);
        volume.space.ended(25_000_000);
        namespace.stalled(30_000_000, 30_000_000);
        assertThat(namespace.waits(WaitCause.SLOW_DRIVE)).isZero();
        namespace.stalled(40_000_000, 60_000_000);
        assertThat(namespace.waitNs(WaitCause.SLOW_DRIVE, 0)).isEqualTo(35_000_000);
        assertThat(share.limits()).isEqualTo(Limits.NONE);
    }

    @Test
    void aGuestReadsIt() {
        try (Host host = Host.ready()) {
            requireNonNull(host.controller.namespaces().find(1)).named("boot");
            assertThat(logPage(host, 1)).isEqualTo(Status.SUCCESS);
            assertThat(host.data(4096).get(ValueLayout.JAVA_INT_UNALIGNED, 4)).isEqualTo(1);
            assertThat(host.data(4096).asSlice(8, 5).toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(new byte[] {'b', 'o', 'o', 't', 0});
            assertThat(logPage(host, -1)).isEqualTo(Status.SUCCESS);
            assertThat(logPage(host, 0)).isEqualTo(Status.SUCCESS);
            assertThat(logPage(host, 99)).as("not attached").isEqualTo(Status.INVALID_NAMESPACE);
        }
    }

    private static int logPage(Host host, int nsid) {
        host.data(4096).fill((byte) 0xee);
        return host.admin(AdminOpcode.GET_LOG_PAGE)
                .nsid(nsid)
                .dptr(Host.DATA, 0)
                .dword(10, LogPageId.VENDOR | (1024 / 4 - 1) << 16)
                .run()
                .status();
    }
}
