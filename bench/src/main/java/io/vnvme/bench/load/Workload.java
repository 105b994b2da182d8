package io.vnvme.bench.load;

import io.avaje.jsonb.Json;

/** The two patterns that are measured, each with blocks of 4 KiB at places drawn evenly over the whole drive. */
public enum Workload {
    RANDREAD("randread", "random read"),
    RANDWRITE("randwrite", "random write");

    private final String fioName;
    private final String words;

    Workload(String fioName, String words) {
        this.fioName = fioName;
        this.words = words;
    }

    /** The name that fio gives it, also the one in {@code results.json}. */
    @Json.Value
    public String fioName() {
        return fioName;
    }

    /** The name for people. */
    public String words() {
        return words;
    }

    public boolean writes() {
        return this == RANDWRITE;
    }
}
