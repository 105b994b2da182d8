package io.vnvme.control.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** How the lines of the log look. */
public enum LogFormat {
    /** For people: time, level, where, what. */
    HUMAN {
        @Override
        Encoder<ILoggingEvent> encoder(boolean journal) {
            PatternLayoutEncoder lines = new PatternLayoutEncoder();
            // The journal has the time already, and learns how much a line matters.
            lines.setPattern(journal ? "%-5level %logger{0} %msg%n%ex{full}" : LINE);
            return journal ? new Prioritized(lines) : lines;
        }
    },
    /** A JSON object in each line. */
    JSON {
        @Override
        Encoder<ILoggingEvent> encoder(boolean journal) {
            JsonEncoder json = new JsonEncoder();
            json.setWithSequenceNumber(false);
            json.setWithNanoseconds(false);
            json.setWithContext(false);
            json.setWithMDC(false);
            json.setWithMessage(false);
            json.setWithArguments(false);
            json.setWithFormattedMessage(true);
            return journal ? new Prioritized(json) : json;
        }
    };

    private static final String LINE = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} %msg%n%ex{full}";

    /** The one of that name. */
    public static Optional<LogFormat> of(String text) {
        return Arrays.stream(values())
                .filter(f -> f.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst();
    }

    /** @param journal whether systemd's journal takes the lines */
    abstract Encoder<ILoggingEvent> encoder(boolean journal);

    /** Puts systemd's priority before each line (sd-daemon(3)); those of a stack trace are of the same. */
    static final class Prioritized extends EncoderBase<ILoggingEvent> {
        private final Encoder<ILoggingEvent> lines;

        Prioritized(Encoder<ILoggingEvent> lines) {
            this.lines = lines;
        }

        @Override
        public void start() {
            lines.setContext(context);
            lines.start();
            super.start();
        }

        @Override
        public void stop() {
            super.stop();
            lines.stop();
        }

        @Override
        public byte[] headerBytes() {
            return lines.headerBytes();
        }

        @Override
        public byte[] encode(ILoggingEvent event) {
            String prefix = "<%d>".formatted(priority(event.getLevel()));
            return new String(lines.encode(event), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> prefix + line + "\n")
                    .collect(Collectors.joining())
                    .getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] footerBytes() {
            return lines.footerBytes();
        }

        /** Of syslog(3): 3 err, 4 warning, 6 info, 7 debug. */
        private static int priority(Level level) {
            return switch (level.toInt()) {
                case Level.ERROR_INT -> 3;
                case Level.WARN_INT -> 4;
                case Level.INFO_INT -> 6;
                default -> 7;
            };
        }
    }
}
