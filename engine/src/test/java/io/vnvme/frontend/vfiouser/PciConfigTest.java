package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PciConfigTest {
    private final MemorySegment data = Arena.ofAuto().allocate(8, 8);
    private final PciConfig config = new PciConfig(false, 65, new ConnectionState());
    private final List<String> effects = new ArrayList<>();
    private boolean asserted;

    PciConfigTest() {
        config.effects(new PciConfig.Effects() {
            @Override
            public void busMaster(boolean enabled) {
                effects.add("bus master " + enabled);
            }

            @Override
            public void intxEnabled() {
                effects.add("intx");
            }

            @Override
            public void functionReset() {
                effects.add("reset");
            }

            @Override
            public boolean intxAsserted() {
                return asserted;
            }
        });
    }

    private int read(int offset, int sizeBytes) {
        data.fill((byte) 0);
        config.read(offset, sizeBytes, data);
        return data.get(Wire.INT, 0);
    }

    private void write(int offset, int sizeBytes, int value) {
        data.set(Wire.INT, 0, value);
        config.write(offset, sizeBytes, data);
    }

    @Test
    void isAnNvmeDrive() {
        assertThat(read(0, 4)).isEqualTo(0x4d45_564e);
        assertThat(read(8, 4)).isEqualTo(0x0108_0200);
        assertThat(read(0x0e, 1)).isZero();
        assertThat(read(0x2c, 4)).isEqualTo(0x4d45_564e);
        assertThat(read(0x3d, 1)).isEqualTo(1);
        write(0, 4, -1);
        assertThat(read(0, 4)).isEqualTo(0x4d45_564e);
    }

    @Test
    void sizingOfBars() {
        int[] expected = {0xffff_c004, -1, 0, 0, 0, 0};
        for (int bar = 0; bar < 6; bar++) {
            write(0x10 + bar * 4, 4, -1);
            assertThat(read(0x10 + bar * 4, 4)).isEqualTo(expected[bar]);
        }
        write(0x30, 4, -1);
        assertThat(read(0x30, 4)).isZero();
        write(0x10, 4, 0xfebf_1234);
        assertThat(read(0x10, 4)).isEqualTo(0xfebf_0004);
    }

    @Test
    void capabilitiesAreChained() {
        assertThat(read(0x06, 2) & 0x10).isNotZero();
        assertThat(chain(config)).containsExactly(0x01, 0x05, 0x11, 0x10);
        assertThat(chain(new PciConfig(true, 65, new ConnectionState()))).containsExactly(0x01, 0x05, 0x10);
        assertThat(read(PciConfig.MSIX_CONTROL, 2)).isEqualTo(64);
        assertThat(read(PciConfig.MSIX + 4, 4)).isEqualTo(0x2000);
        assertThat(read(PciConfig.MSIX + 8, 4)).isEqualTo(0x3000);
        assertThat(read(PciConfig.MSI_CONTROL, 2)).isEqualTo(0x8a);
        assertThat(read(0x100, 4)).isZero();
    }

    private List<Integer> chain(PciConfig of) {
        List<Integer> ids = new ArrayList<>();
        of.read(0x34, 1, data);
        for (int at = data.get(Wire.INT, 0) & 0xff; at != 0; at = data.get(Wire.INT, 0) >> 8 & 0xff) {
            of.read(at, 2, data);
            ids.add(data.get(Wire.INT, 0) & 0xff);
        }
        return ids;
    }

    @Test
    void busMasterFollowsTheCommandRegisterAndThePowerState() {
        write(4, 2, 0xffff);
        assertThat(read(4, 2)).isEqualTo(0x0546);
        assertThat(effects).containsExactly("bus master true");
        write(PciConfig.PM_CONTROL, 2, 3);
        assertThat(effects).hasSize(2).last().isEqualTo("bus master false");
        write(PciConfig.PM_CONTROL, 2, 1);
        assertThat(read(PciConfig.PM_CONTROL, 2)).isEqualTo(0x000b);
        write(PciConfig.PM_CONTROL, 2, 0);
        assertThat(effects).hasSize(3).last().isEqualTo("bus master true");
        write(4, 1, 0x02);
        assertThat(effects).hasSize(4).last().isEqualTo("bus master false");
        assertThat(config.intxDisabled()).isTrue();
        write(5, 1, 0);
        assertThat(effects).hasSize(5).last().isEqualTo("intx");
    }

    @Test
    void functionLevelReset() {
        write(4, 2, 0x0006);
        write(PciConfig.MSIX_CONTROL, 2, 0x8000);
        assertThat(config.msixEnabled()).isTrue();
        effects.clear();
        write(PciConfig.EXPRESS_DEVICE_CONTROL, 2, 0xa810);
        assertThat(effects).containsExactly("reset", "bus master false");
        assertThat(config.msixEnabled()).isFalse();
        assertThat(read(4, 2)).isZero();
        assertThat(read(PciConfig.EXPRESS_DEVICE_CONTROL, 2)).isEqualTo(0x2810);
    }

    @Test
    void interruptStatusIsTheLevelOfIntx() {
        asserted = true;
        assertThat(read(4, 4)).isEqualTo(0x0018_0000);
        assertThat(read(6, 1)).isEqualTo(0x18);
        assertThat(read(7, 1)).isZero();
        write(PciConfig.MSI_CONTROL, 2, 0x31);
        assertThat(config.msiAllocated()).isEqualTo(8);
        assertThat(read(4, 4)).isEqualTo(0x0010_0000);
    }
}
