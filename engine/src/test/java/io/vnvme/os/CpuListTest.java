package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CpuListTest {
    @Test
    void theOrderIsThatOfTheText() {
        assertThat(CpuList.parse("3")).containsExactly(3);
        assertThat(CpuList.parse("8,0-2,10-11\n")).containsExactly(8, 0, 1, 2, 10, 11);
        assertThat(CpuList.parse(" \n")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "1,", "3-1", "-1", "1-", "0x3", "99999", "1,,2"})
    void whatIsNoListIsRefused(String text) {
        assertThatThrownBy(() -> CpuList.parse(text)).hasMessageContaining("write them like 2,3 or 4-7");
    }

    @Test
    void noneIsThereTwice() {
        assertThatThrownBy(() -> CpuList.parse("1-3,2")).hasMessageContaining("processor 2 is twice");
    }
}
