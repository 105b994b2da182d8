package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * One thing that was looked at on a host.
 *
 * @param name what
 * @param outcome {@code ok}, {@code warn} or {@code fail}
 * @param found how it is
 * @param advice what to do; absent when it is ok
 */
@Json
public record HostCheck(
        String name, String outcome, String found, @Nullable String advice) {
    public static HostCheck ok(String name, String found) {
        return new HostCheck(name, "ok", found, null);
    }

    /** Works, but not as well as it could, or not everything. */
    public static HostCheck warn(String name, String found, String advice) {
        return new HostCheck(name, "warn", found, advice);
    }

    /** The daemon does not work like that. */
    public static HostCheck fail(String name, String found, String advice) {
        return new HostCheck(name, "fail", found, advice);
    }

    public boolean failed() {
        return outcome.equals("fail");
    }
}
