package io.vnvme.devicestate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is whole is taken apart; what is more than a device has is refused before anybody looks at it. */
class DeviceStateReaderTest {
    private static byte[] stream(int sections) {
        DeviceStateWriter out = new DeviceStateWriter();
        for (int i = 0; i < sections; i++) {
            out.section(i);
        }
        return out.finish();
    }

    @Test
    void asManySectionsAsADeviceHas() {
        DeviceStateReader in = new DeviceStateReader(stream(134));
        for (int type = 0; type < 134; type++) {
            assertThat(in.only(type).type()).isEqualTo(type);
        }
        in.end();
    }

    @Test
    void moreSectionsAreRefused() {
        assertThatThrownBy(() -> new DeviceStateReader(stream(135)))
                .isInstanceOf(DeviceStateException.class)
                .hasMessage("more than 134 sections");
    }

    /** The longest stream of nothing but heads of sections, each with the checksum of no bytes. */
    @Test
    void aStreamOfEmptySectionsIsRefusedBeforeItsEnd() {
        byte[] stream = stream((DeviceStateReader.SIZE_MAX - 16 - 24) / 16);
        assertThat(stream).hasSize(DeviceStateReader.SIZE_MAX - 8);
        // That of its last section is not looked at.
        stream[stream.length - 40 + 8] ^= 1;
        assertThatThrownBy(() -> new DeviceStateReader(stream))
                .isInstanceOf(DeviceStateException.class)
                .hasMessage("more than 134 sections");
    }

    @Test
    void sectionsOfATypeComeInTheirOrderAndOnce() {
        DeviceStateWriter out = new DeviceStateWriter();
        for (int value = 1; value <= 3; value++) {
            out.section(value % 2);
            out.putInt(value);
        }
        DeviceStateReader in = new DeviceStateReader(out.finish());
        assertThat(in.all(1)).extracting(Section::getInt).isEqualTo(List.of(1, 3));
        assertThat(in.all(1)).isEmpty();
        assertThatThrownBy(in::end).hasMessage("a section of type 0, which is not known");
        assertThat(in.only(0).getInt()).isEqualTo(2);
        in.end();
    }

    @Test
    void aTextIsNoLongerThanItMayBe() {
        DeviceStateWriter out = new DeviceStateWriter();
        out.section(0);
        out.putText("abc");
        out.section(1);
        out.putText("abcd");
        DeviceStateReader in = new DeviceStateReader(out.finish());
        assertThat(in.only(0).getText("text", 3)).isEqualTo("abc");
        Section longer = in.only(1);
        assertThatThrownBy(() -> longer.getText("text", 3))
                .isInstanceOf(DeviceStateException.class)
                .hasMessage("text: 4, not 0 to 3");
    }
}
