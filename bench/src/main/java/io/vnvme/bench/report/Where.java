package io.vnvme.bench.report;

import io.avaje.jsonb.Json;

/** Where the measuring program ran. */
public enum Where {
    HOST("host"),
    GUEST("guest");

    private final String word;

    Where(String word) {
        this.word = word;
    }

    /** The word in {@code results.json}. */
    @Json.Value
    public String word() {
        return word;
    }
}
