package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class ReclaimerTest {
    @Test
    void closesInOrderAndGoesOnAfterAFailure() {
        Logger log = Logger.getLogger(Reclaimer.class.getName());
        log.setLevel(Level.OFF);
        List<Integer> closed = Collections.synchronizedList(new ArrayList<>());
        try (Reclaimer reclaimer = Reclaimer.start()) {
            reclaimer.close(() -> closed.add(1));
            reclaimer.close(() -> {
                throw new IllegalStateException("of the test");
            });
            reclaimer.close(() -> closed.add(2));
            reclaimer.drain();
            assertThat(closed).containsExactly(1, 2);
            reclaimer.close(() -> closed.add(3));
        }
        assertThat(closed).containsExactly(1, 2, 3);
        log.setLevel(null);
    }
}
