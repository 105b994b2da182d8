package io.vnvme.testkit.server;

import io.vnvme.reactor.IdlePolicy;

/** How reactors of tests are idle: {@code -Dvnvme.idle=poll|adaptive|interrupt}, so that every test can run in each way. */
public final class Idle {
    private Idle() {}

    public static IdlePolicy policy() {
        return IdlePolicy.of(System.getProperty("vnvme.idle", IdlePolicy.ADAPTIVE.name()));
    }
}
