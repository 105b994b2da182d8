package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.CommandLoad;
import io.vnvme.control.model.ReactorLoad;
import io.vnvme.control.model.TopInfo;
import io.vnvme.control.model.VnvmeLoad;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopViewTest {
    private static final CommandLoad NONE = new CommandLoad(0, 0, 0, 0, 0, 0);

    private static VnvmeLoad load(String name, double iops) {
        CommandLoad reads = new CommandLoad(iops, iops * 4096, 1, 1.25, 123.4, 1000);
        return new VnvmeLoad(name, 61.9, 64, reads, reads, NONE, NONE);
    }

    private static TopInfo top(List<VnvmeLoad> vnvmes) {
        return new TopInfo("2026-01-02T03:04:05Z", 1, List.of(new ReactorLoad("reactor-0", 1, 93.25, 6.75, 0)), vnvmes);
    }

    @Test
    void theBusiestComesFirst() {
        List<String> lines = TopView.lines(top(List.of(load("idle", 0), load("db", 2_012_345))), 80, 24);
        assertThat(lines.get(1)).isEqualTo("reactor-0       1   93.3 %    6.8 %    0.0 %");
        assertThat(lines.get(4)).startsWith("db ").contains("2012345", "8243", "61.9", "1.25", "123");
        assertThat(lines.get(5)).startsWith("idle ");
    }

    @Test
    void fitsTheTerminal() {
        List<VnvmeLoad> many = IntStream.range(0, 100)
                .mapToObj(i -> load("a-name-that-is-as-long-as-can-be-" + i, 12_345_678 - i))
                .toList();
        List<String> lines = TopView.lines(top(many), 80, 22);
        assertThat(lines)
                .hasSize(22)
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80));
        assertThat(lines.getLast()).isEqualTo("and 83 more that do less");
        assertThat(TopView.lines(top(many), 200, Integer.MAX_VALUE)).hasSize(104);
    }

    @Test
    void saysWhatToDoWithoutAny() {
        assertThat(TopView.lines(top(List.of()), 80, 24).getLast()).contains("vnvme create");
    }
}
