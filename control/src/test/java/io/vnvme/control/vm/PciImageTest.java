package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PciImageTest {
    private static final String DEVICE = "drive0";
    private static final int Q35 = 0x29c08086;

    @TempDir
    Path folder;

    private final FakeMachine source = new FakeMachine().used();
    private final FakeMachine destination = new FakeMachine();

    private PciImage read() {
        try (StoppedPci pci = StoppedPci.open(source)) {
            return PciImage.read(pci, DEVICE);
        }
    }

    private void write(PciImage image, Path where) {
        try (StoppedPci pci = StoppedPci.open(destination)) {
            image.write(pci, DEVICE, where);
        }
    }

    @Test
    void whatAGuestHasSetIsThere() {
        assertArrives();
    }

    private void assertArrives() {
        write(read(), folder);
        assertThat(destination.config).isEqualTo(source.config);
        assertThat(destination.table).isEqualTo(source.table);
    }

    /** A machine without configuration spaces in memory, and one where they are switched off. */
    @ParameterizedTest
    @ValueSource(ints = {0x12378086, Q35})
    void portsAloneAreEnough(int bridge) {
        for (FakeMachine machine : List.of(source, destination)) {
            machine.hostBridge = bridge;
            machine.spaces = 0xb000_0000;
        }
        assertArrives();
        assertThat(source.spacesRead).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0xb000_0001L, 0xb800_0003L, 0x12_bc00_0005L})
    void spacesInMemoryAreReadAtOnce(long spaces) {
        for (FakeMachine machine : List.of(source, destination)) {
            machine.hostBridge = Q35;
            machine.spaces = spaces;
        }
        assertArrives();
        assertThat(source.spacesRead).isEqualTo(1);
        assertThat(destination.spacesRead).isEqualTo(2);
    }

    @Test
    void theGuestsOwnSelectionIsPutBack() {
        source.configAddress = 0x80001234;
        destination.configAddress = 0x80004320;
        write(read(), folder);
        assertThat(source.configAddress).isEqualTo(0x80001234);
        assertThat(destination.configAddress).isEqualTo(0x80004320);
    }

    /** The table is behind a BAR, and messages are enabled when it is there. */
    @Test
    void isWrittenInTheOrderThatQemuNeeds() {
        source.config.putInt(FakeMachine.MSI + 4, 0xfee01000).putShort(FakeMachine.MSI + 12, (short) 33);
        source.config.putShort(FakeMachine.MSI + 2, (short) 0xba);
        write(read(), folder);
        assertThat(destination.done).containsExactly("0x10", "0x14", "0x4c", "0x54", "0x4", "table", "0x4a", "0x5a");
    }

    @Test
    void nobodyCanConnectAfterIt() {
        write(read(), folder);
        assertThat(destination.debuggable()).isFalse();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void messagesThatAreNotEnabledNeedNoTable() {
        source.config.putShort(FakeMachine.MSIX + 2, (short) 64);
        source.config.putInt(FakeMachine.MSI + 4, 0xfee01000).putShort(FakeMachine.MSI + 2, (short) 0xbb);
        write(read(), folder);
        assertThat(destination.config).isEqualTo(source.config);
        assertThat(destination.done).doesNotContain("table");
    }

    @Test
    void oneThatDoesNotTakeItIsFound() {
        destination.ignoresTable = true;
        PciImage image = read();
        assertThatThrownBy(() -> write(image, folder))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("has not taken");
        assertThat(destination.debuggable()).isFalse();
    }

    @Test
    void aTableThatCannotBeReadIsToldOf() {
        source.config.putShort(4, (short) 0x404);
        assertThatThrownBy(this::read).hasMessageContaining("sleeps");
        source.config.putShort(4, (short) 0x406).putShort(FakeMachine.POWER + 4, (short) 3);
        assertThatThrownBy(this::read).hasMessageContaining("sleeps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "unknown command: 'i'\r\n", "portl[0x0cf8] = 0x1234567890\r\n", "(qemu) "})
    void wordsThatAreNotKnownEndIt(String words) {
        source.nonsense = words;
        assertThatThrownBy(this::read).isInstanceOf(ProblemException.class);
    }

    @Test
    void capabilitiesInACircleEnd() {
        source.config.put(FakeMachine.MSIX + 1, (byte) FakeMachine.POWER);
        assertThat(read().tableAddress()).isEqualTo(0x12_fe00_2000L);
    }

    /** Each end reads as ones then, and so they are equal. */
    @Test
    void driveThatIsGoneAtBothEndsHasNoImage() {
        Arrays.fill(source.config.array(), (byte) 0xff);
        Arrays.fill(destination.config.array(), (byte) 0xff);
        assertThatThrownBy(this::assertArrives)
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("nobody answers for drive0");
        assertThat(destination.done).isEmpty();
    }

    @Test
    void aDriveThatIsGoneAtTheDestinationIsNotWrittenTo() {
        PciImage image = read();
        Arrays.fill(destination.config.array(), (byte) 0xff);
        assertThatThrownBy(() -> write(image, folder)).hasMessageContaining("nobody answers for drive0");
        assertThat(destination.done).isEmpty();
    }

    @Test
    void anotherDeviceAtTheDestinationIsNotWrittenTo() {
        PciImage image = read();
        destination.config.putInt(0, 0x00108086);
        assertThatThrownBy(() -> write(image, folder))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("00108086 instead of 4d45564e");
        assertThat(destination.done).isEmpty();
    }

    /** MSI has 10 to 20 bytes, MSI-X 12. */
    @ParameterizedTest
    @CsvSource({"5, 0xf8", "5, 0xfc", "0x11, 0xfc", "1, 0xfc"})
    void aCapabilityBeyondTheEndIsRefused(String capability, String at) {
        source.config.put(FakeMachine.MSIX + 1, (byte) (int) Integer.decode(at));
        source.config.putInt(Integer.decode(at), 0x8080_0000 | Integer.decode(capability));
        assertThatThrownBy(this::read).isInstanceOf(ProblemException.class).hasMessageContaining("beyond the end");
    }

    /** The ports' selection is the guest's, also when what was selected is not read then. */
    @ParameterizedTest
    @ValueSource(strings = {"hmp:i /w 0xcfc", "hmp:o /w 0xcf8 0x80000060"})
    void theGuestsSelectionIsPutBackWhenItCannotBeOpened(String command) {
        source.configAddress = 0x80001234;
        source.refused = command;
        assertThatThrownBy(this::read).hasMessageContaining("not today");
        assertThat(source.configAddress).isEqualTo(0x80001234);
    }

    @Test
    void aDeviceThatIsNotThereIsToldOf() {
        try (StoppedPci pci = StoppedPci.open(source)) {
            assertThatThrownBy(() -> PciImage.read(pci, "drive7")).hasMessageContaining("drive7");
        }
    }

    @Test
    void aFolderWhereNoSocketCanBeIsToldOf() {
        PciImage image = read();
        assertThatThrownBy(() -> write(image, folder.resolve("missing"))).hasMessageContaining("gdbserver");
    }
}
