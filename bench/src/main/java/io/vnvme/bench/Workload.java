package io.vnvme.bench;

import java.util.Locale;

/** What is done to random blocks. */
public enum Workload {
    RANDREAD,
    RANDWRITE;

    /** The name that fio has for it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
