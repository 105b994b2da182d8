package io.vnvme.control.store;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** NVMe Qualified Names of hosts (NVM Express Base 2.0, 4.5): a date, a reversed domain, and anything behind a colon. */
public final class HostNqn {
    private static final int LENGTH_MAX = 223;
    private static final Pattern SHAPE =
            Pattern.compile("nqn\\.[0-9]{4}-[0-9]{2}\\.[A-Za-z0-9][A-Za-z0-9.-]*(:[\\x21-\\x7e]+)?");

    private HostNqn() {}

    public static boolean valid(@Nullable String text) {
        return text != null
                && text.length() <= LENGTH_MAX
                && SHAPE.matcher(text).matches();
    }
}
