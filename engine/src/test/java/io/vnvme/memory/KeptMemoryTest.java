package io.vnvme.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.os.Fd;
import io.vnvme.os.Memfd;
import org.junit.jupiter.api.Test;

class KeptMemoryTest {
    private static final KeptMemory.Layout LAYOUT = new KeptMemory.Layout("thing", 0x1234, 3, 8192);

    private static final class Thing extends KeptMemory {
        Thing(Layout layout) {
            super(layout);
        }
    }

    private static void refused(KeptMemory.Layout made, String why) {
        try (Thing thing = new Thing(made)) {
            assertThat(KeptMemory.refusal(thing.fd(), LAYOUT)).contains(why);
        }
    }

    @Test
    void whatIsOfThisLayoutIsNotRefused() {
        try (Thing thing = new Thing(LAYOUT)) {
            assertThat(KeptMemory.refusal(thing.fd(), LAYOUT)).isEmpty();
        }
    }

    @Test
    void whatAProcessHadNotBegunToFillIsNotRefused() {
        try (Fd zeros = Memfd.create("zeros", 8192)) {
            assertThat(KeptMemory.refusal(zeros, LAYOUT)).isEmpty();
        }
    }

    @Test
    void anotherVersionIsRefusedByItsNumber() {
        refused(
                new KeptMemory.Layout("thing", 0x1234, 4, 8192),
                "thing is of version 4, and this program reads version 3");
        refused(
                new KeptMemory.Layout("thing", 0x1234, 2, 8192),
                "thing is of version 2, and this program reads version 3");
    }

    @Test
    void anotherSizeIsRefused() {
        refused(
                new KeptMemory.Layout("thing", 0x1234, 3, 4096),
                "thing has not the 8192 bytes that this program reads");
    }

    @Test
    void somethingElseIsRefused() {
        refused(new KeptMemory.Layout("thing", 0x4321, 3, 8192), "thing is something else than this program calls so");
    }
}
