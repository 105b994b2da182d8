package io.vnvme.testkit.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.DriverException;
import io.vnvme.testkit.driver.EnableOptions;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.Sharing;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** CC and CSTS through the life of a controller (NVM Express Base 2.0, 3.5 and 3.6). */
@ParameterizedClass
@EnumSource(Sharing.class)
final class LifeCycleTest {
    private final Guest guest;
    private final NvmeDriver driver;

    LifeCycleTest(Sharing sharing) {
        guest = Guest.start(sharing);
        driver = guest.driver();
    }

    @AfterEach
    void close() {
        guest.close();
    }

    @Test
    void capabilitiesAreWhatHostsNeed() {
        long cap = driver.capabilities();
        assertThat(driver.entryCountMax()).isGreaterThanOrEqualTo(1024);
        assertThat(cap >>> 16 & 1).as("CQR").isEqualTo(1);
        assertThat(cap >>> 17 & 1).as("AMS weighted round robin").isEqualTo(1);
        assertThat(cap >>> 24 & 0xFF).as("TO").isGreaterThan(0);
        assertThat(cap >>> 32 & 0xF).as("DSTRD").isZero();
        assertThat(cap >>> 37 & 1).as("CSS NVM").isEqualTo(1);
        assertThat(cap >>> 48 & 0xF).as("MPSMIN").isZero();
        assertThat(guest.device().read(Registers.VS, 4)).isEqualTo(0x20000);
    }

    @Test
    void everyRegisterReadsAlikeInHalves() {
        for (int offset = 0; offset < 0x80; offset += 8) {
            long whole = guest.device().read(offset, 8);
            long low = guest.device().read(offset, 4);
            long high = guest.device().read(offset + 4, 4);
            assertThat(low | high << 32).as("register 0x%x", offset).isEqualTo(whole);
        }
    }

    @Test
    void readOnlyRegistersStay() {
        long cap = guest.device().read(Registers.CAP, 8);
        guest.device().write(Registers.CAP, 8, ~cap);
        guest.device().write(Registers.VS, 4, 0);
        guest.device().write(Registers.CSTS, 4, 0);
        assertThat(guest.device().read(Registers.CAP, 8)).isEqualTo(cap);
        assertThat(guest.device().read(Registers.VS, 4)).isEqualTo(0x20000);
        assertThat(driver.ready()).isTrue();
    }

    @Test
    void disablesAndEnablesAgain() {
        for (int i = 0; i < 20; i++) {
            driver.disable();
            assertThat(driver.ready()).isFalse();
            driver.enable(EnableOptions.usual().withAdminEntryCount(2 + i));
            identify();
        }
    }

    @Test
    void adminQueueGoesAroundManyTimes() {
        for (int i = 0; i < 500; i++) {
            identify();
        }
    }

    private void identify() {
        try (Buffer data = guest.ram().allocate(4096)) {
            driver.admin(Command.identify(Cns.CONTROLLER, 0), data).orThrow();
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 4)).isEqualTo((byte) 'S');
        }
    }

    @Test
    void adminQueuesOfTheLargestSize() {
        driver.disable();
        driver.enable(EnableOptions.usual().withAdminEntryCount(4096));
        for (int i = 0; i < 9000; i++) {
            assertThat(driver.admin(Command.getFeature(7)).ok()).isTrue();
        }
    }

    @Test
    void moreAdminCommandsInFlightThanAnIoQueueHolds() {
        driver.disable();
        driver.enable(EnableOptions.usual().withAdminEntryCount(4096));
        guest.drive().hold(true);
        int[] cids = new int[2000];
        for (int i = 0; i < cids.length; i++) {
            cids[i] = driver.admin()
                    .submissions()
                    .submit(Command.of(AdminOpcode.FORMAT_NVM).nsid(1));
        }
        driver.admin().submissions().ring();
        guest.settle();
        guest.drive().hold(false);
        for (int cid : cids) {
            assertThat(driver.admin().await(cid).ok()).isTrue();
        }
        assertThat(driver.admin().completions().unclaimed()).isZero();
    }

    @Test
    void shutdownFlushesAndSaysSo() {
        long before = guest.drive().flushes();
        driver.shutdown();
        assertThat(driver.status() & Registers.CSTS_SHST_MASK).isEqualTo(Registers.CSTS_SHST_COMPLETE);
        assertThat(guest.drive().flushes()).isGreaterThan(before);
        driver.disable();
        assertThat(driver.status()).isZero();
        driver.enable(EnableOptions.usual());
        assertThat(driver.status() & Registers.CSTS_SHST_MASK).isZero();
        identify();
    }

    @Test
    void resetInTheMiddleOfCommandsForgetsThem() {
        QueuePair pair = guest.ioPair();
        guest.drive().hold(true);
        Buffer data = guest.ram().allocate(1 << 20);
        for (int i = 0; i < 32; i++) {
            pair.start(Command.read(1, i, 8).data(Prp.of(data, i * 4096L, 4096, 4096, 0)));
        }
        guest.settle();
        // Without shared memory, stages limit how many can be with the drive.
        assertThat(guest.drive().pendingCount()).isIn(32, 16);
        long configuration = guest.device().read(Registers.CC, 4);
        guest.device().write(Registers.CC, 4, configuration & ~1);
        guest.settle();
        assertThat(driver.ready())
                .as("RDY stays while memory may still be written")
                .isTrue();
        guest.drive().hold(false);
        driver.until("RDY to go", () -> !driver.ready());
        assertThat(guest.drive().pendingCount()).isZero();
        assertThat(pair.completions().drain())
                .as("completions of a reset queue")
                .isZero();
        driver.enable(EnableOptions.usual());
        QueuePair again = guest.ioPair();
        assertThat(again.execute(Command.read(1, 0, 8), Prp.of(data, 0, 4096, 4096, 0))
                        .ok())
                .isTrue();
        guest.settle();
        assertThat(again.completions().drain()).isZero();
    }

    @Test
    void functionLevelResetInTheMiddleOfCommands() {
        QueuePair pair = guest.ioPair();
        guest.drive().faults(Faults.delays(50_000));
        Buffer data = guest.ram().allocate(1 << 20);
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 20; i++) {
                pair.start(Command.write(1, i, 8).data(Prp.of(data, i * 4096L, 4096, 4096, 0)));
            }
            for (int i = 0; i < round; i++) {
                guest.host().step();
            }
            guest.device().reset();
            driver.until("reset", () -> !driver.ready());
            assertThat(guest.device().read(Registers.CC, 4)).isZero();
            driver.enable(EnableOptions.usual());
            pair = guest.ioPair();
        }
        data.close();
        assertThat(pair.execute(Command.flush(1)).ok()).isTrue();
    }

    @Test
    void tooSmallAdminQueuesAreFatalUntilReset() {
        driver.disable();
        assertThatThrownBy(() -> driver.enable(EnableOptions.usual().withAdminEntryCount(1)))
                .isInstanceOf(DriverException.class);
        recover();
    }

    @Test
    void unknownConfigurationsAreFatalUntilReset() {
        for (EnableOptions bad : new EnableOptions[] {
            EnableOptions.usual().withArbitration(2),
            EnableOptions.usual().withArbitration(7),
            EnableOptions.usual().withCommandSets(1),
            EnableOptions.usual().withCommandSets(5),
            EnableOptions.usual().withPageShift(17)
        }) {
            driver.disable();
            assertThatThrownBy(() -> driver.enable(bad)).as("%s", bad).isInstanceOf(DriverException.class);
            recover();
        }
    }

    @Test
    void adminQueueOutsideMemoryIsFatalUntilReset() {
        for (int register : new int[] {Registers.ASQ, Registers.ACQ}) {
            driver.disable();
            guest.device().write(Registers.AQA, 4, 0x000F000F);
            try (Buffer queue = guest.ram().allocate(4096)) {
                guest.device().write(Registers.ASQ, 8, queue.iova());
                guest.device().write(Registers.ACQ, 8, queue.iova());
                guest.device().write(register, 8, 0xDEAD_0000_0000L);
                guest.device().write(Registers.CC, 4, 0x00460001);
                guest.device().doorbellPage().set(ValueLayout.JAVA_INT, 0, 3);
                driver.until("CFS", driver::fatal);
            }
            recover();
        }
    }

    private void recover() {
        assertThat(driver.fatal()).isTrue();
        driver.disable();
        assertThat(driver.status()).isZero();
        driver.enable(EnableOptions.usual());
        identify();
    }

    @Test
    void queueAddressesAreFixedWhileEnabled() {
        long queue = guest.device().read(Registers.ASQ, 8);
        guest.device().write(Registers.ASQ, 8, 0x1234000);
        guest.device().write(Registers.AQA, 4, 0x00010001);
        assertThat(guest.device().read(Registers.ASQ, 8)).isEqualTo(queue);
        identify();
    }

    @Test
    void withoutBusMasterNothingIsFetched() {
        guest.device().busMaster(false);
        int cid = driver.admin().start(Command.getFeature(7));
        guest.settle();
        assertThat(driver.admin().completions().drain()).isZero();
        guest.device().busMaster(true);
        assertThat(driver.admin().await(cid).ok()).isTrue();
    }

    @Test
    void largerMemoryPages() {
        driver.disable();
        driver.enable(EnableOptions.usual().withPageShift(13));
        QueuePair pair = guest.ioPair();
        try (Buffer data = guest.ram().allocate(64 << 10)) {
            data.segment().fill((byte) 7);
            assertThat(pair.execute(Command.write(1, 0, 64), Prp.of(data, 1024, 32 << 10, 8192, 0))
                            .ok())
                    .isTrue();
            data.segment().fill((byte) 0);
            assertThat(pair.execute(Command.read(1, 0, 64), Prp.of(data, 1024, 32 << 10, 8192, 0))
                            .ok())
                    .isTrue();
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 1023)).isZero();
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 1024)).isEqualTo((byte) 7);
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 1024 + (32 << 10) - 1))
                    .isEqualTo((byte) 7);
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 1024 + (32 << 10)))
                    .isZero();
        }
    }
}
