package io.vnvme.drive.nvmetcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NamespaceFactsTest {
    private static NamespaceFacts facts(long sizeBytes, String identity, boolean writeCache) {
        return new NamespaceFacts(sizeBytes, 512, 4096, identity, writeCache, true, 1);
    }

    @Test
    void anotherPathMayHaveMoreButNotLess() {
        NamespaceFacts known = facts(1 << 20, "uuid.01", true);
        assertThat(known.difference(facts(2 << 20, "uuid.01", true))).isEmpty();
        assertThat(known.difference(facts(1 << 19, "uuid.01", true))).contains("524288 bytes");
        assertThat(known.difference(facts(1 << 20, "uuid.02", true))).contains("uuid.02, not uuid.01");
        assertThat(known.difference(facts(1 << 20, "", true))).contains("without identifier");
    }

    /** Of a drive that has none nothing is flushed. */
    @Test
    void aWriteCacheDoesNotAppear() {
        assertThat(facts(1 << 20, "uuid.01", false).difference(facts(1 << 20, "uuid.01", true)))
                .contains("volatile write cache");
        assertThat(facts(1 << 20, "uuid.01", true).difference(facts(1 << 20, "uuid.01", false)))
                .isEmpty();
    }
}
