package io.vnvme.fabrics.auth;

import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Numbers of challenges: any first, then the next, and never 0, which says that there is no challenge. */
final class SequenceNumbers {
    private static final AtomicInteger LAST = new AtomicInteger(new SecureRandom().nextInt());

    private SequenceNumbers() {}

    static int next() {
        int number = LAST.incrementAndGet();
        return number != 0 ? number : LAST.incrementAndGet();
    }
}
