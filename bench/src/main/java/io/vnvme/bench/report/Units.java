package io.vnvme.bench.report;

import java.util.Locale;

/** Numbers as people read them, three digits that count. */
final class Units {
    private static final double KILO = 1000;
    private static final double MEGA = 1_000_000;
    private static final double TEN = 10;
    private static final double HUNDRED = 100;

    private Units() {}

    /** {@code 850}, {@code 38.2 k}, {@code 387 k}, {@code 1.21 M}. */
    static String rate(double perSecond) {
        if (perSecond >= MEGA) {
            return digits(perSecond / MEGA) + " M";
        }
        return perSecond >= KILO ? digits(perSecond / KILO) + " k" : digits(perSecond);
    }

    /** {@code 0.61}, {@code 45.3}, {@code 158}, {@code 4012}. */
    static String digits(double value) {
        int decimals = value >= HUNDRED ? 0 : value >= TEN ? 1 : 2;
        return fixed(value, decimals);
    }

    /** A duration in seconds, in milliseconds below one second. */
    static String duration(double seconds) {
        return seconds >= 1 ? fixed(seconds, 1) + " s" : digits(seconds * KILO) + " ms";
    }

    static String milliseconds(double ms) {
        return duration(ms / KILO);
    }

    /** {@code 0.97}, {@code 3.12}, {@code 12.4}. */
    static String ratio(double value) {
        return fixed(value, value >= TEN ? 1 : 2);
    }

    private static String fixed(double value, int decimals) {
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
