package io.vnvme.control.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "4096,4096",
        "512M,536870912",
        "512MiB,536870912",
        "20g,21474836480",
        "1.5T,1649267441664",
        "1 KiB,1024",
        "7P,7881299347898368",
        "100B,100"
    })
    void readsWhatPeopleWrite(String text, long bytes) {
        assertThat(ByteSize.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G", "-1G", "1X", "0", "0M", "0.1", "20 iB", "99999999P", "1e3", "1,5G", "１G"})
    void saysWhatIsWrong(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void doesNotGuessAtPowersOfThousand() {
        assertThatThrownBy(() -> ByteSize.parse("20GB")).hasMessageContaining("write 20GiB");
    }

    @ParameterizedTest
    @CsvSource({
        "0,0 B",
        "1023,1023 B",
        "536870912,512 MiB",
        "21474836480,20 GiB",
        "1610612736,1536 MiB",
        "123456789,117.7 MiB"
    })
    void writesWhatPeopleRead(long bytes, String text) {
        assertThat(ByteSize.format(bytes)).isEqualTo(text);
    }
}
