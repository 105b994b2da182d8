package io.vnvme.control.model;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write and read them: binary units, {@code 512M}, {@code 20G}, {@code 1.5TiB}. */
public final class ByteSize {
    private static final Pattern TEXT =
            Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([kmgtp]?)(i?b)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "KMGTP";

    private ByteSize() {}

    /**
     * @param text digits with or without a unit K, M, G, T, P, KiB ... (powers of 1024)
     * @return bytes, more than 0
     * @throws IllegalArgumentException with a line for the person who wrote it
     */
    public static long parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'%s' is no size: write it like 512M, 20G or 1T".formatted(text));
        }
        String unit = matcher.group(2).toUpperCase(Locale.ROOT);
        String suffix = matcher.group(3) == null ? "" : matcher.group(3).toLowerCase(Locale.ROOT);
        if (!unit.isEmpty() && suffix.equals("b")) {
            throw new IllegalArgumentException(
                    "'%s' could mean powers of 1000 or of 1024: write %s%siB for powers of 1024"
                            .formatted(text, matcher.group(1), unit));
        }
        if (unit.isEmpty() && suffix.equals("ib")) {
            throw new IllegalArgumentException("'%s' is no size: write it like 512M, 20G or 1T".formatted(text));
        }
        BigDecimal factor = BigDecimal.valueOf(1L << (10 * (UNITS.indexOf(unit.isEmpty() ? " " : unit) + 1)));
        BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(factor);
        if (bytes.signum() <= 0) {
            throw new IllegalArgumentException("'%s' is nothing: a size is more than 0".formatted(text));
        }
        if (bytes.stripTrailingZeros().scale() > 0 || bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException(
                    "'%s' is no whole number of bytes that a drive can have".formatted(text));
        }
        return bytes.longValueExact();
    }

    /** The shortest exact text in binary units, {@code 512 MiB}, or one with a decimal when there is none, {@code 1.3 GiB}. */
    public static String format(long bytes) {
        int unit = 0;
        long whole = bytes;
        while (whole >= 1024 && whole % 1024 == 0 && unit < UNITS.length()) {
            whole /= 1024;
            unit++;
        }
        if (whole < 10_000) {
            return unit == 0 ? whole + " B" : "%d %siB".formatted(whole, UNITS.charAt(unit - 1));
        }
        double shown = bytes;
        int shownUnit = 0;
        while (shown >= 1024 && shownUnit < UNITS.length()) {
            shown /= 1024;
            shownUnit++;
        }
        return String.format(Locale.ROOT, "%.1f %siB", shown, UNITS.charAt(shownUnit - 1));
    }
}
