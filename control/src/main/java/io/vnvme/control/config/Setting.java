package io.vnvme.control.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** One thing that a daemon is told. Its key in the configuration file is the name of its option. */
public enum Setting {
    STATE,
    RUN,
    RAM,
    REACTORS,
    CPUS,
    IDLE,
    LISTEN,
    TCP,
    TCP_REFERRAL,
    REHEARSAL,
    LIBVIRT,
    LOG_FORMAT,
    OTLP;

    public static Optional<Setting> of(String key) {
        return Arrays.stream(values()).filter(s -> s.key().equals(key)).findFirst();
    }

    /** As in the file; with two dashes before it, the option. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether it can have several values, a list in the file. */
    public boolean isList() {
        return this == RAM || this == IDLE || this == TCP || this == TCP_REFERRAL;
    }
}
