package io.vnvme.control.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import io.vnvme.control.model.LogLevelInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/** The log of this process. Safe for all threads. */
public final class Logs {
    /** Which lets a logger have the level of the one above it. */
    public static final String INHERIT = "inherit";

    private static final String APPENDER = "stderr";
    private static final List<String> LEVELS = List.of("error", "warn", "info", "debug", "trace", INHERIT);
    /** Of the daemon and its libraries. */
    private static final Pattern NAME = Pattern.compile("(?i)root|(io\\.(vnvme|helidon|avaje))(\\.[A-Za-z0-9_$]+)*");

    private static final int NAME_LENGTH_MAX = 200;

    private Logs() {}

    /** Writes to standard error from now on, in a format. */
    public static void to(LogFormat format) {
        // systemd says so (systemd.exec(5)).
        to(format, System.getenv("JOURNAL_STREAM") != null, System.err);
    }

    static void to(LogFormat format, boolean journal, OutputStream out) {
        LimitedAppender appender = appender(format, journal, out);
        Logger root = context().getLogger(Logger.ROOT_LOGGER_NAME);
        // Not taken away before the new one is there: nothing is lost.
        var before = root.getAppender(APPENDER);
        root.addAppender(appender);
        if (before != null) {
            root.detachAppender(before);
        }
    }

    static LimitedAppender appender(LogFormat format, boolean journal, OutputStream out) {
        LoggerContext context = context();
        Encoder<ILoggingEvent> encoder = format.encoder(journal);
        encoder.setContext(context);
        encoder.start();
        LimitedAppender appender = new LimitedAppender();
        appender.setContext(context);
        appender.setName(APPENDER);
        appender.setEncoder(encoder);
        appender.setOutputStream(out);
        appender.start();
        return appender;
    }

    /** Does something of which only errors are worth a line. */
    public static void quietly(Runnable task) {
        Logger root = context().getLogger(Logger.ROOT_LOGGER_NAME);
        Level before = root.getLevel();
        root.setLevel(Level.ERROR);
        try {
            task.run();
        } finally {
            root.setLevel(before);
        }
    }

    private static LoggerContext context() {
        ILoggerFactory factory = LoggerFactory.getILoggerFactory();
        if (factory instanceof LoggerContext context) {
            return context;
        }
        throw new IllegalStateException("logging goes by " + factory.getClass().getName());
    }

    /** The loggers that have levels of their own, the root first. */
    public static List<LogLevelInfo> levels() {
        return context().getLoggerList().stream()
                .filter(logger -> logger.getLevel() != null)
                .map(Logs::info)
                .toList();
    }

    /**
     * Another level from now on, until the daemon ends.
     *
     * @return what it is now
     * @throws ProblemException when there is no such logger or level
     */
    public static LogLevelInfo set(@Nullable String name, @Nullable String level) {
        if (name == null
                || name.length() > NAME_LENGTH_MAX
                || !NAME.matcher(name).matches()
                || !known(name)) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "'%s' is no logger: use root, io.vnvme, io.helidon, or a package or class below"
                            .formatted(name == null ? "" : name));
        }
        if (level == null || !LEVELS.contains(level)) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "'%s' is no level: use %s".formatted(level == null ? "" : level, String.join(", ", LEVELS)));
        }
        boolean root = name.equalsIgnoreCase(Logger.ROOT_LOGGER_NAME);
        if (root && level.equals(INHERIT)) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "the root inherits from nothing: give it a level");
        }
        Logger logger = context().getLogger(root ? Logger.ROOT_LOGGER_NAME : name);
        logger.setLevel(level.equals(INHERIT) ? null : Level.toLevel(level));
        return info(logger);
    }

    /** One that is there, or that a package or class of the program may have: others would stay for nothing. */
    private static boolean known(String name) {
        ClassLoader program = Logs.class.getClassLoader();
        String path = name.replace('.', '/');
        return name.equalsIgnoreCase(Logger.ROOT_LOGGER_NAME)
                || context().exists(name) != null
                || program.getResource(path) != null
                || program.getResource(path + ".class") != null;
    }

    private static LogLevelInfo info(Logger logger) {
        return new LogLevelInfo(
                logger.getName().equals(Logger.ROOT_LOGGER_NAME) ? "root" : logger.getName(),
                Optional.ofNullable(logger.getLevel())
                        .map(level -> level.toString().toLowerCase(Locale.ROOT))
                        .orElse(INHERIT),
                logger.getEffectiveLevel().toString().toLowerCase(Locale.ROOT));
    }
}
