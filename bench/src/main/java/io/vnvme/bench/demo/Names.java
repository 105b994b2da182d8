package io.vnvme.bench.demo;

/** Names of what a run of the demo puts where other programs put things too. */
final class Names {
    private static final String PREFIX = "vnvme-demo-" + ProcessHandle.current().pid() + "-";

    private Names() {}

    /** A file in shared memory. */
    static String shared(String purpose) {
        return PREFIX + purpose;
    }

    /** What all of them begin with. */
    static String prefix() {
        return PREFIX;
    }
}
