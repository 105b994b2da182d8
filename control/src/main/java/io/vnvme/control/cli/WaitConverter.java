package io.vnvme.control.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How long to wait, on the command line: {@code 30s}, {@code 10m}, {@code 2h}, or {@code forever}: in seconds. */
final class WaitConverter implements ITypeConverter<Long> {
    static final long WITHOUT_END = -1;
    private static final String FOREVER = "forever";
    private static final Pattern TIME = Pattern.compile("(\\d{1,9})([smh])|0");
    private static final long MINUTE = 60;
    private static final long HOUR = 60 * MINUTE;

    @Override
    public Long convert(String text) {
        if (text.equals(FOREVER)) {
            return WITHOUT_END;
        }
        Matcher time = TIME.matcher(text);
        if (!time.matches()) {
            throw new TypeConversionException(
                    "'%s' is no time: write it like 30s, 10m or 2h, or %s".formatted(text, FOREVER));
        }
        if (time.group(1) == null) {
            return 0L;
        }
        long unit = switch (time.group(2)) {
            case "s" -> 1;
            case "m" -> MINUTE;
            default -> HOUR;
        };
        return Long.parseLong(time.group(1)) * unit;
    }

    /** The largest unit that leaves nothing over. */
    static String format(long seconds) {
        return seconds % HOUR == 0 && seconds > 0
                ? seconds / HOUR + " h"
                : seconds % MINUTE == 0 && seconds > 0 ? seconds / MINUTE + " min" : seconds + " s";
    }
}
