package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.Sgl;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.Sharing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Identify, logs, features and the rest of the admin commands (NVM Express Base 2.0, 5). */
@ParameterizedClass
@EnumSource(Sharing.class)
final class AdminCommandTest {
    private static final String OK = outcome(Status.SUCCESS);

    private final Guest guest;
    private final NvmeDriver driver;
    private final Buffer data;

    AdminCommandTest(Sharing sharing) {
        guest = Guest.start(sharing);
        driver = guest.driver();
        data = guest.ram().allocate(4096);
    }

    @AfterEach
    void close() {
        guest.close();
    }

    private String run(Command command) {
        return outcome(driver.admin(command, data));
    }

    private MemorySegment identify(int cns, int nsid) {
        data.segment().fill((byte) 0xEE);
        assertThat(run(Command.identify(cns, nsid))).isEqualTo(OK);
        return data.segment();
    }

    private static String text(MemorySegment page, int at, int length) {
        return new String(page.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    @Test
    void identifyController() {
        MemorySegment page = identify(Cns.CONTROLLER, 0);
        assertThat(text(page, 4, 20)).isEqualTo("SERIAL              ");
        assertThat(text(page, 24, 40)).isEqualTo("%-40s".formatted("vNVMe test"));
        assertThat(text(page, 64, 8)).isEqualTo("1.0     ");
        assertThat(text(page, 768, 25)).isEqualTo("nqn.2026-01.io.vnvme:test");
        assertThat(page.get(ValueLayout.JAVA_SHORT, 78) & 0xFFFF)
                .as("CNTLID")
                .isEqualTo(guest.device().controller().controllerId());
        assertThat(page.get(ValueLayout.JAVA_INT, 80)).as("VER").isEqualTo(0x20000);
        assertThat(page.get(ValueLayout.JAVA_BYTE, 512)).as("SQES").isEqualTo((byte) 0x66);
        assertThat(page.get(ValueLayout.JAVA_BYTE, 513)).as("CQES").isEqualTo((byte) 0x44);
        assertThat(page.get(ValueLayout.JAVA_INT, 516)).as("NN").isGreaterThanOrEqualTo(3);
    }

    @Test
    void identifyNamespaces() {
        MemorySegment page = identify(Cns.NAMESPACE, 1);
        assertThat(page.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(Guest.NAMESPACE_BYTES / 512);
        assertThat(page.get(ValueLayout.JAVA_INT, 128) >>> 16 & 0xFF)
                .as("LBADS")
                .isEqualTo(9);
        byte[] nguid = page.asSlice(104, 16).toArray(ValueLayout.JAVA_BYTE);
        page = identify(Cns.NAMESPACE, 2);
        assertThat(page.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(Guest.NAMESPACE_BYTES / 4096);
        assertThat(page.get(ValueLayout.JAVA_INT, 128) >>> 16 & 0xFF)
                .as("LBADS")
                .isEqualTo(12);
        assertThat(page.asSlice(104, 16).toArray(ValueLayout.JAVA_BYTE)).isNotEqualTo(nguid);
        assertThat(identify(Cns.NAMESPACE, 3).get(ValueLayout.JAVA_BYTE, 99) & 1)
                .as("NSATTR")
                .isEqualTo(1);
        assertThat(identify(Cns.NAMESPACE, 5).mismatch(MemorySegment.ofArray(new byte[4096])))
                .as("inactive: zeros")
                .isEqualTo(-1);
        assertThat(run(Command.identify(Cns.NAMESPACE, 0))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
        assertThat(run(Command.identify(Cns.NAMESPACE, 0x10000))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
    }

    @Test
    void listsOfNamespaces() {
        for (int cns : new int[] {Cns.ACTIVE_NAMESPACES, Cns.COMMAND_SET_ACTIVE_NAMESPACES}) {
            MemorySegment page = identify(cns, 0);
            assertThat(page.asSlice(0, 16).toArray(ValueLayout.JAVA_INT)).containsExactly(1, 2, 3, 0);
            page = identify(cns, 2);
            assertThat(page.asSlice(0, 8).toArray(ValueLayout.JAVA_INT)).containsExactly(3, 0);
            assertThat(run(Command.identify(cns, -1))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
            assertThat(run(Command.identify(cns, -2))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
        }
    }

    @Test
    void namespaceDescriptors() {
        MemorySegment page = identify(Cns.NAMESPACE_DESCRIPTORS, 1);
        boolean[] seen = new boolean[5];
        int at = 0;
        while (page.get(ValueLayout.JAVA_BYTE, at) != 0) {
            seen[page.get(ValueLayout.JAVA_BYTE, at)] = true;
            at += 4 + page.get(ValueLayout.JAVA_BYTE, at + 1);
        }
        assertThat(seen).containsExactly(false, true, true, true, true);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x1C})
    void everyIdentifyOfTheChecklist(int cns) {
        // The upper half asks for this controller, where that is a question (1Ch).
        identify(cns | 0xFFFF_0000, cns == 2 || cns == 7 || cns == 6 || cns == 1 || cns == 0x1C ? 0 : 1);
    }

    @Test
    void unknownIdentify() {
        for (int cns : new int[] {0x04, 0x0B, 0x20, 0x40, 0x7F, 0xFF}) {
            assertThat(run(Command.identify(cns, 1))).as("CNS 0x%02x", cns).isEqualTo(outcome(Status.INVALID_FIELD));
        }
        assertThat(run(Command.identify(Cns.COMMAND_SET_NAMESPACE, 1).dword(11, 3 << 24)))
                .as("command set 3")
                .isNotEqualTo(OK);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0C, 0x12, 0x80})
    void everyLogOfTheChecklist(int page) {
        assertThat(run(Command.logPage(page, 512))).isEqualTo(OK);
        assertThat(run(Command.logPage(page, 4))).isEqualTo(OK);
        assertThat(run(Command.logPage(page, 512).dword(12, 2)))
                .as("odd offset")
                .isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.logPage(page, 512).dword(12, 0x7FFF_FFF0)))
                .as("offset beyond")
                .isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.logPage(page, 512).dword(13, -1)))
                .as("offset far beyond")
                .isEqualTo(outcome(Status.INVALID_FIELD));
    }

    @Test
    void unknownLogs() {
        for (int page : new int[] {0x1F, 0x7F, 0xC1, 0xFF}) {
            assertThat(run(Command.logPage(page, 512))).isEqualTo(outcome(Status.LOG_PAGE_INVALID));
        }
    }

    @Test
    void supportedLogsTellTheTruth() {
        assertThat(run(Command.logPage(LogPageId.SUPPORTED_LOG_PAGES, 1024))).isEqualTo(OK);
        int[] supported = data.segment().asSlice(0, 1024).toArray(ValueLayout.JAVA_INT);
        for (int page = 0; page < 256; page++) {
            String got = run(Command.logPage(page, 16));
            assertThat(got.equals(OK)).as("log 0x%02x", page).isEqualTo((supported[page] & 1) != 0);
        }
    }

    @Test
    void commandEffectsTellTheTruth() {
        assertThat(run(Command.logPage(LogPageId.COMMANDS_SUPPORTED, 4096))).isEqualTo(OK);
        int[] admin = data.segment().asSlice(0, 1024).toArray(ValueLayout.JAVA_INT);
        for (int opcode = 0; opcode < 256; opcode++) {
            if (opcode == AdminOpcode.ASYNC_EVENT_REQUEST || opcode == AdminOpcode.FORMAT_NVM) {
                continue;
            }
            String got = outcome(driver.admin(Command.of(opcode).nsid(0x7777).dword(10, 0xFFFF)));
            assertThat(!got.equals(outcome(Status.INVALID_OPCODE)))
                    .as("opcode 0x%02x", opcode)
                    .isEqualTo((admin[opcode] & 1) != 0);
        }
    }

    @Test
    void commandSetsThatAreNotThereHaveNoCommands() {
        assertThat(run(Command.logPage(LogPageId.COMMANDS_SUPPORTED, 4096))).isEqualTo(OK);
        int[] admin = data.segment().asSlice(0, 1024).toArray(ValueLayout.JAVA_INT);
        assertThat(data.segment().asSlice(1024, 1024).toArray(ValueLayout.JAVA_INT))
                .contains(1);
        int zoned = 2 << 24;
        assertThat(run(Command.logPage(LogPageId.COMMANDS_SUPPORTED, 4096).dword(14, zoned)))
                .isEqualTo(OK);
        assertThat(data.segment().asSlice(0, 1024).toArray(ValueLayout.JAVA_INT))
                .isEqualTo(admin);
        assertThat(data.segment().asSlice(1024, 1024).toArray(ValueLayout.JAVA_INT))
                .containsOnly(0);
    }

    @Test
    void healthCountsWhatWasDone() {
        QueuePair pair = guest.ioPair();
        try (Buffer blocks = guest.ram().allocate(512 << 10)) {
            for (int i = 0; i < 4; i++) {
                pair.execute(Command.read(1, 0, 1000), Prp.of(blocks, 0, 512_000, 4096, 0))
                        .orThrow();
            }
            pair.execute(Command.write(1, 0, 1000), Prp.of(blocks, 0, 512_000, 4096, 0))
                    .orThrow();
        }
        assertThat(run(Command.logPage(LogPageId.SMART, 512))).isEqualTo(OK);
        assertThat(data.segment().get(ValueLayout.JAVA_LONG, 32))
                .as("data units read")
                .isEqualTo(4);
        assertThat(data.segment().get(ValueLayout.JAVA_LONG, 48))
                .as("data units written")
                .isEqualTo(1);
        assertThat(data.segment().get(ValueLayout.JAVA_LONG, 64))
                .as("read commands")
                .isEqualTo(4);
        assertThat(data.segment().get(ValueLayout.JAVA_LONG, 80))
                .as("write commands")
                .isEqualTo(1);
    }

    @Test
    void errorLogHasTheLastErrors() {
        guest.drive().faults(new Faults(0, 0, 1));
        QueuePair pair = guest.ioPair();
        Completion failed = pair.execute(Command.read(1, 1234, 1).prp(data.iova(), 0));
        assertThat(failed.status() & Status.MORE).isNotZero();
        assertThat(run(Command.logPage(LogPageId.ERROR_INFORMATION, 64))).isEqualTo(OK);
        assertThat(data.segment().get(ValueLayout.JAVA_LONG, 0)).as("count").isEqualTo(1);
        assertThat(data.segment().get(ValueLayout.JAVA_SHORT, 8)).as("queue").isEqualTo((short) 1);
        assertThat(data.segment().get(ValueLayout.JAVA_SHORT, 10)).as("CID").isEqualTo((short) failed.cid());
        assertThat((data.segment().get(ValueLayout.JAVA_SHORT, 12) & 0xFFFF) >>> 1 & 0x7FF)
                .as("status")
                .isEqualTo(Guest.code(Status.UNRECOVERED_READ_ERROR));
        assertThat(data.segment().get(ValueLayout.JAVA_LONG, 16)).as("LBA").isEqualTo(1234);
        assertThat(data.segment().get(ValueLayout.JAVA_INT, 24)).as("NSID").isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0E, 0x0F, 0x16, 0x81})
    void everyFeatureOfTheChecklist(int feature) {
        for (int select = 0; select <= 3; select++) {
            assertThat(run(Command.getFeature(feature | select << 8).dword(11, feature == 0x81 ? 1 : 0)))
                    .as("select %d", select)
                    .isEqualTo(OK);
        }
        assertThat(run(Command.getFeature(feature | 4 << 8))).as("select 4").isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.setFeature(feature | 1 << 31, 0)))
                .as("save")
                .isEqualTo(outcome(Status.FEATURE_NOT_SAVEABLE));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x05, 0x82, 0x83})
    void featuresOfNamespaces(int feature) {
        assertThat(run(Command.getFeature(feature).nsid(1))).isEqualTo(OK);
        assertThat(run(Command.getFeature(feature).nsid(99))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.getFeature(feature).nsid(0x10000))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
        assertThat(run(Command.setFeature(feature, 0).nsid(1))).isEqualTo(OK);
    }

    @Test
    void reservationsOfAllNamespacesAreKeptOrOfNone() {
        int feature = FeatureId.RESERVATION_PERSISTENCE;
        guest.namespaces().getFirst().keepReservations((_, done) -> done.accept(true), new byte[0]);
        assertThat(run(Command.setFeature(feature, 1).nsid(-1))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(driver.admin(Command.getFeature(feature).nsid(1)).dword0())
                .as("the one that could be kept")
                .isZero();
        guest.namespaces().forEach(n -> n.keepReservations((_, done) -> done.accept(true), new byte[0]));
        assertThat(run(Command.setFeature(feature, 1).nsid(-1))).isEqualTo(OK);
        for (int nsid = 1; nsid <= 3; nsid++) {
            assertThat(driver.admin(Command.getFeature(feature).nsid(nsid)).dword0())
                    .isOne();
        }
    }

    @Test
    void unknownFeatures() {
        for (int feature : new int[] {0x00, 0x03, 0x20, 0x7F, 0x80, 0xC0, 0xFF}) {
            assertThat(run(Command.getFeature(feature))).isEqualTo(outcome(Status.INVALID_FIELD));
            assertThat(run(Command.setFeature(feature, 0))).isEqualTo(outcome(Status.INVALID_FIELD));
        }
    }

    @Test
    void featuresKeepTheirValuesUntilReset() {
        driver.admin(Command.setFeature(0x01, 0x0302_0103)).orThrow();
        driver.admin(Command.setFeature(0x0B, 0x100)).orThrow();
        assertThat(driver.admin(Command.getFeature(0x01)).dword0()).isEqualTo(0x0302_0103);
        assertThat(driver.admin(Command.getFeature(0x0B)).dword0()).isEqualTo(0x100);
        driver.disable();
        driver.enable(io.vnvme.testkit.driver.EnableOptions.usual());
        assertThat(driver.admin(Command.getFeature(0x01)).dword0()).isNotEqualTo(0x0302_0103);
        assertThat(driver.admin(Command.getFeature(0x0B)).dword0()).isNotEqualTo(0x100);
    }

    @Test
    void timestampGoesOn() {
        data.segment().set(ValueLayout.JAVA_LONG, 0, 1_700_000_000_000L);
        assertThat(run(Command.setFeature(0x0E, 0))).isEqualTo(OK);
        data.segment().fill((byte) 0);
        assertThat(run(Command.getFeature(0x0E))).isEqualTo(OK);
        assertThat(data.segment().get(ValueLayout.JAVA_LONG, 0) & 0xFFFF_FFFF_FFFFL)
                .isBetween(1_700_000_000_000L, 1_700_000_100_000L);
    }

    @Test
    void adminCommandsTakeNoSglsAndNoFusing() {
        assertThat(outcome(driver.admin().execute(Command.identify(1, 0), Sgl.of(data))))
                .isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.identify(1, 0).fuse(Sqe.FUSE_FIRST))).isEqualTo(outcome(Status.INVALID_FIELD));
    }

    @Test
    void dataOutsideMemory() {
        for (int opcode : new int[] {AdminOpcode.IDENTIFY, AdminOpcode.GET_LOG_PAGE}) {
            assertThat(outcome(driver.admin(Command.of(opcode).nsid(1).prp(0x7F00_0000_0000L, 0))))
                    .isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
        }
        assertThat(outcome(driver.admin(Command.identify(1, 0).prp(data.iova(3), 0))))
                .isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
    }

    @Test
    void formatErasesANamespace() {
        guest.drive().memory().fill((byte) 3);
        assertThat(run(Command.of(AdminOpcode.FORMAT_NVM).nsid(2))).isEqualTo(OK);
        assertThat(guest.drive().memory().get(ValueLayout.JAVA_BYTE, Guest.NAMESPACE_BYTES - 1))
                .isEqualTo((byte) 3);
        assertThat(guest.drive().memory().get(ValueLayout.JAVA_BYTE, Guest.NAMESPACE_BYTES))
                .isZero();
        assertThat(guest.drive().memory().get(ValueLayout.JAVA_BYTE, 2 * Guest.NAMESPACE_BYTES))
                .isEqualTo((byte) 3);
        assertThat(run(Command.of(AdminOpcode.FORMAT_NVM).nsid(2).dword(10, 5)))
                .isEqualTo(outcome(Status.FORMAT_INVALID));
        assertThat(run(Command.of(AdminOpcode.FORMAT_NVM).nsid(3))).isEqualTo(outcome(Status.WRITE_PROTECTED));
        assertThat(run(Command.of(AdminOpcode.FORMAT_NVM).nsid(77))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(run(Command.of(AdminOpcode.FORMAT_NVM).nsid(0x10000))).isEqualTo(outcome(Status.INVALID_NAMESPACE));
    }

    @Test
    void keepAlive() {
        assertThat(run(Command.of(AdminOpcode.KEEP_ALIVE))).isEqualTo(OK);
        driver.admin(Command.setFeature(0x0F, 1000)).orThrow();
        guest.host().clock().advance(900_000_000L);
        guest.host().step();
        assertThat(run(Command.of(AdminOpcode.KEEP_ALIVE))).isEqualTo(OK);
        guest.host().clock().advance(900_000_000L);
        guest.host().step();
        assertThat(driver.fatal()).isFalse();
        guest.host().clock().advance(4_000_000_000L);
        driver.until("CFS", driver::fatal);
    }
}
