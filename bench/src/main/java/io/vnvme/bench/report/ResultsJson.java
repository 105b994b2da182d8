package io.vnvme.bench.report;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;

/** Results as JSON text and back. */
public final class ResultsJson {
    private static final JsonType<Results> TYPE =
            Jsonb.builder().serializeNulls(true).build().type(Results.class);

    private ResultsJson() {}

    public static String write(Results results) {
        return TYPE.toJsonPretty(results) + "\n";
    }

    /** Reads what {@link #write} wrote. */
    public static Results read(String json) {
        return TYPE.fromJson(json);
    }
}
