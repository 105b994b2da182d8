package io.vnvme.testkit.server;

/** How many reactors the daemons of tests have: {@code -Dvnvme.reactors=N}, so that every test can run with several. */
public final class ReactorCount {
    private ReactorCount() {}

    public static int ofTests() {
        return Integer.getInteger("vnvme.reactors", 1);
    }
}
