package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What keeps a VM from moving is found before anything begins. */
class VmMovePreflightTest extends VmMoves {
    @Test
    void whatWasNotTestedIsNotTried() {
        destination.version = new QemuVersion(11, 2, 0);
        assertThatThrownBy(move::run).hasMessageContaining("11.2.0").hasMessageContaining("11.1");
        assertThat(source.status).isEqualTo("running");
        assertThat(destination.gone).isFalse();
        assertThat(drives.told).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pc-i440fx-11.1-machine", "microvm-machine", "none-machine"})
    void aMachineThatWasNotTestedIsNotTried(String machine) {
        source.machine = machine;
        assertThatThrownBy(move::run).hasMessageContaining("source has the machine " + machine);
        source.machine = "pc-q35-9.2-machine";
        destination.machine = machine;
        assertThatThrownBy(move::run).hasMessageContaining("destination has the machine " + machine);
        assertNothingBegan();
    }

    private void assertNothingBegan() {
        assertThat(source.status).isEqualTo("running");
        assertThat(source.pauses).isFalse();
        assertThat(source.done).doesNotContain("migrate");
        assertThat(destination.gone).isFalse();
        assertThat(destination.done).isEmpty();
        assertThat(drives.told).isEmpty();
    }

    /** Its socket was there, and nobody told what it is. */
    @Test
    void aDriveThatIsNotThereIsFoundFirst() {
        destination.config.putInt(0, -1);
        assertThatThrownBy(move::run).hasMessageContaining("destination shows no drive behind drive0");
        assertNothingBegan();
        source.config.putInt(0, -1);
        assertThatThrownBy(move::run).hasMessageContaining("source shows no drive behind drive0");
        assertNothingBegan();
    }

    @Test
    void anotherDeviceAtTheDestinationIsFoundFirst() {
        destination.config.putInt(0, 0x00108086);
        assertThatThrownBy(move::run).hasMessageContaining("drive0 (00108086) instead of drive0 (4d45564e)");
        assertNothingBegan();
    }

    @Test
    void aDriveThatTheGuestHasNotFoundYetIsFoundFirst() {
        source.numbered = false;
        assertThatThrownBy(move::run).hasMessageContaining("no PCI device drive0");
        assertNothingBegan();
    }

    @Test
    void aDestinationThatHasAVmIsLeftAlone() {
        destination.status = "running";
        assertThatThrownBy(move::run).hasMessageContaining("-incoming defer");
        assertThat(destination.gone).isFalse();
        assertThat(destination.done).isEmpty();
    }

    /** Found before the VM stands still. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "missing",
                "with space",
                "with,comma",
                "a-folder-with-a-name-that-is-longer-than-the-path-of-a-socket/can-be/which-is-107-characters-with-all"
            })
    void aFolderWhereNoSocketCanBeIsFoundFirst(String name) {
        folder = folder.resolve(name);
        move = move(LIMIT);
        assertThatThrownBy(move::run).isInstanceOf(ProblemException.class).hasMessageContaining("monitor");
        assertThat(source.done).doesNotContain("migrate");
    }

    @Test
    void bothHaveTheSameDevices() {
        destination.devices = List.of("drive0", "drive1");
        assertThatThrownBy(move::run).hasMessageContaining("drive1");
        assertThat(destination.gone).isFalse();
    }

    @Test
    void aDeviceWithoutANameCannotMove() {
        source.unnamed = List.of("device[0]");
        assertThatThrownBy(move::run).hasMessageContaining("without an id");
        assertThat(source.status).isEqualTo("running");
    }

    @Test
    void anotherMigrationIsNotDisturbed() {
        source.migration = "active";
        assertThatThrownBy(move::run).hasMessageContaining("is being migrated");
        assertThat(source.done).doesNotContain("migrate_cancel");
    }
}
