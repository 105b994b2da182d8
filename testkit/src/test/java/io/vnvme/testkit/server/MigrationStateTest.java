package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.os.Errno;
import io.vnvme.testkit.client.MigrationClient;
import io.vnvme.testkit.client.VfioUserClient;
import io.vnvme.testkit.client.VfioUserException;
import io.vnvme.testkit.client.Wire;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DEVICE_FEATURE and MIG_DATA as the specification has them, and what it does not have. */
class MigrationStateTest {
    @TempDir
    private Path folder;

    private ServedDrive drive;
    private VfioUserClient client;
    private MigrationClient migration;

    @BeforeEach
    void open() {
        drive = ServedDrive.open(folder.resolve("s"), 16 << 20, new VfioUserEndpoint.Options(false));
        client = VfioUserClient.open(folder.resolve("s"));
        migration = new MigrationClient(client);
    }

    @AfterEach
    void close() {
        assertThat(drive.failures()).isEmpty();
        client.close();
        drive.close();
    }

    private static void refused(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioUserException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    void whatCanBeDoneIsSaid() {
        assertThat(migration
                        .feature(MigrationClient.GET | MigrationClient.MIGRATION)
                        .getLong(0))
                .isEqualTo(1);
        assertThat(migration.state()).isEqualTo(MigrationClient.STATE_RUNNING);
        migration.probe(MigrationClient.GET | MigrationClient.MIGRATION);
        migration.probe(MigrationClient.GET | MigrationClient.SET | MigrationClient.MIG_DEVICE_STATE);
        migration.probe(MigrationClient.SET | MigrationClient.DMA_LOGGING_START);
        migration.probe(MigrationClient.SET | MigrationClient.DMA_LOGGING_STOP);
        migration.probe(MigrationClient.GET | MigrationClient.DMA_LOGGING_REPORT);
        refused(Errno.EINVAL, () -> migration.probe(MigrationClient.SET | MigrationClient.MIGRATION));
        refused(Errno.EINVAL, () -> migration.probe(MigrationClient.MIGRATION));
        refused(Errno.ENOTTY, () -> migration.probe(MigrationClient.GET | 3));
        refused(Errno.EINVAL, () -> migration.feature(MigrationClient.GET | MigrationClient.SET | 2));
        refused(Errno.EINVAL, () -> migration.feature(MigrationClient.SET | MigrationClient.MIG_DEVICE_STATE));
        refused(Errno.EINVAL, () -> migration.feature(1 << 19 | MigrationClient.GET | MigrationClient.MIGRATION));
        refused(
                Errno.EINVAL,
                () -> migration.feature(15, MigrationClient.GET | MigrationClient.MIGRATION, new byte[0]));
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "2, 3", "2, 4", "1, 2", "1, 3", "1, 4", "3, 1", "3, 2", "3, 4", "1, 1", "2, 2", "3, 3", "4, 4"})
    void waysThatThereAre(int from, int to) {
        migration.state(from);
        assertThat(migration.state()).isEqualTo(from);
        migration.state(to);
        assertThat(migration.state()).isEqualTo(to);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 6, 7, 8, -1, Integer.MAX_VALUE})
    void statesThatThereAreNot(int to) {
        for (int from : new int[] {2, 1, 3, 4}) {
            migration.state(from);
            refused(Errno.EINVAL, () -> migration.state(to));
            assertThat(migration.state()).isEqualTo(from);
        }
    }

    @Test
    void noStateIsTakenUpThatIsNotWhole() {
        migration.state(MigrationClient.STATE_STOP_COPY);
        byte[] state = migration.read(100);
        migration.state(MigrationClient.STATE_RESUMING);
        refused(Errno.EINVAL, () -> migration.state(MigrationClient.STATE_RUNNING));
        migration.write(Arrays.copyOf(state, state.length - 1), 100);
        refused(Errno.EINVAL, () -> migration.state(MigrationClient.STATE_STOP));
        assertThat(migration.state()).isEqualTo(MigrationClient.STATE_RESUMING);
        // Begun anew.
        migration.write(state, 1 << 19);
        migration.state(MigrationClient.STATE_STOP);
        migration.state(MigrationClient.STATE_STOP_COPY);
        assertThat(migration.read(1 << 20)).hasSameSizeAs(state);
    }

    @Test
    void dataGoesInItsStatesAlone() {
        refused(Errno.EINVAL, () -> migration.read(100));
        refused(Errno.EINVAL, () -> migration.write(new byte[10], 10));
        migration.state(MigrationClient.STATE_STOP_COPY);
        refused(Errno.EINVAL, () -> migration.write(new byte[10], 10));
        refused(Errno.EINVAL, () -> migration.read((1 << 20) + 1));
        refused(
                Errno.EINVAL,
                () -> client.calls()
                        .call(Wire.MIG_DATA_READ, Wire.body(8).putInt(100).putInt(100)));
        assertThat(migration.read(1 << 20)).isNotEmpty();
        assertThat(migration.read(1 << 20)).as("all was read").isEmpty();
        migration.state(MigrationClient.STATE_RESUMING);
        refused(Errno.EINVAL, () -> migration.read(100));
        refused(
                Errno.EINVAL,
                () -> client.calls()
                        .call(Wire.MIG_DATA_WRITE, Wire.body(8).putInt(8).putInt(1)));
        refused(Errno.E2BIG, () -> migration.write(new byte[9 << 20], 1 << 19));
    }

    @Test
    void aResetEndsItAll() {
        for (int state : new int[] {1, 3, 4}) {
            migration.state(state);
            client.reset();
            assertThat(migration.state()).isEqualTo(MigrationClient.STATE_RUNNING);
        }
    }

    @Test
    void theLogKeepsToItsBounds() {
        refused(Errno.EINVAL, migration::stopLog);
        refused(Errno.EINVAL, () -> migration.report(0, 4096));
        refused(Errno.E2BIG, () -> startLog(4096, 257, 0, 4096));
        refused(Errno.E2BIG, () -> startLog(4096, -1, 0, 4096));
        refused(Errno.EINVAL, () -> startLog(4096, 3, 0, 4096));
        refused(Errno.EINVAL, () -> startLog(4096, 2, 0, 8192, 4096, 4096));
        refused(Errno.EINVAL, () -> startLog(4096, 1, 1, 4096));
        refused(Errno.EINVAL, () -> startLog(4096, 1, 4096, 0));
        refused(Errno.EINVAL, () -> startLog(4096, 1, -4096, 8192));
        refused(Errno.EINVAL, () -> startLog(2048, 0));
        refused(Errno.EINVAL, () -> startLog(4097, 0));
        assertThat(startLog(1 << 21, 2, 0, 8192, -4096, 4096))
                .as("its own size of pages")
                .isEqualTo(4096);
        refused(Errno.EBUSY, migration::startLog);
        refused(Errno.EINVAL, () -> migration.report(0, 0));
        refused(Errno.EINVAL, () -> migration.report(1, 4096));
        refused(Errno.EINVAL, () -> migration.report(0, 4095));
        refused(Errno.EINVAL, () -> migration.report(-4096, 8192));
        refused(Errno.EINVAL, () -> migration.report(0, 4096, 3));
        refused(Errno.EINVAL, () -> migration.report(0, 1L << 40));
        assertThat(migration.report(0, 1L << 35)).isEqualTo(new BitSet());
        assertThat(migration.report(0, Long.MIN_VALUE, 1L << 41)).isEqualTo(new BitSet());
        migration.stopLog();
    }

    private long startLog(long pageBytes, int ranges, long... values) {
        ByteBuffer data = Wire.body(16 + values.length * 8)
                .putLong(pageBytes)
                .putInt(ranges)
                .putInt(0);
        for (long value : values) {
            data.putLong(value);
        }
        byte[] bytes = new byte[data.capacity()];
        data.get(0, bytes);
        return migration
                .feature(MigrationClient.SET | MigrationClient.DMA_LOGGING_START, bytes)
                .getLong(0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void reportsSayWhatTheDeviceHasWritten(boolean messages) {
        RamLayout layout = RamLayout.single(4 << 20);
        try (SocketDevice device = messages
                ? SocketDevice.openUnshared(folder.resolve("s"), layout, 1)
                : SocketDevice.open(folder.resolve("s"), layout, 1)) {
            NvmeDriver driver = NvmeDriver.start(device);
            MigrationClient its = new MigrationClient(device.client());
            its.startLog();
            Buffer data = device.ram().allocateContiguous(4096);
            driver.admin(Command.identify(1, 0), data).orThrow();
            long base = layout.baseIova();
            int page = (int) ((data.iova() - base) / 4096);
            int completions = (int) ((driver.admin().completions().memory().iova() - base) / 4096);
            // The reply may have come before the device was told that its last message has arrived.
            BitSet written = new BitSet();
            driver.until("both pages", () -> {
                written.or(its.report(base, 4 << 20));
                return written.get(page) && written.get(completions);
            });
            assertThat(written.cardinality()).isEqualTo(2);
            driver.admin(Command.identify(1, 0), data).orThrow();
            BitSet coarse = new BitSet();
            driver.until("a coarser report", () -> {
                coarse.or(its.report(base, 4 << 20, 64 << 10));
                return coarse.get(page / 16) && coarse.get(completions / 16);
            });
        }
    }
}
