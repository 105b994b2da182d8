package io.vnvme.control.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BoundedTest {
    private final Bounded bounded = new Bounded(2);

    private static Map<String, long[]> counts(Object... namesAndCounts) {
        Map<String, long[]> counts = new LinkedHashMap<>();
        for (int i = 0; i < namesAndCounts.length; i += 2) {
            counts.put((String) namesAndCounts[i], new long[] {(int) namesAndCounts[i + 1]});
        }
        return counts;
    }

    private void assertShown(Map<String, long[]> now, Object... expected) {
        Map<String, long[]> shown = bounded.of(now);
        Map<String, long[]> due = counts(expected);
        assertThat(shown.keySet()).isEqualTo(due.keySet());
        due.forEach((name, count) -> assertThat(shown.get(name)).as(name).isEqualTo(count));
    }

    @Test
    void thoseWithoutANameAreSummed() {
        assertShown(counts("a", 1, "b", 2, "c", 3, "d", 4), "a", 1, "b", 2, "other", 7);
        assertShown(counts("a", 1, "b", 2, "c", 5, "d", 4), "a", 1, "b", 2, "other", 9);
        assertThat(bounded.label("b")).isEqualTo("b");
        assertThat(bounded.label("d")).isEqualTo("other");
    }

    @Test
    void theRestNeverCountsDown() {
        assertShown(counts("a", 1, "b", 2, "c", 10, "d", 4), "a", 1, "b", 2, "other", 14);
        assertShown(counts("a", 1, "b", 2, "d", 5), "a", 1, "b", 2, "other", 15);
        assertShown(counts("a", 1, "b", 2, "c", 1, "d", 5), "a", 1, "b", 2, "other", 16);
        assertShown(counts("a", 1, "b", 2, "c", 0, "d", 5), "a", 1, "b", 2, "other", 16);
    }

    @Test
    void aMemberOfTheRestStaysThereWhenANameIsFree() {
        assertShown(counts("a", 1, "b", 2, "c", 3), "a", 1, "b", 2, "other", 3);
        assertShown(counts("b", 2, "c", 4), "b", 2, "other", 4);
        assertShown(counts("b", 2, "c", 4, "e", 9), "b", 2, "e", 9, "other", 4);
    }

    @Test
    void aThingCalledLikeTheRestIsInIt() {
        assertShown(counts("other", 1, "b", 2), "b", 2, "other", 1);
    }
}
