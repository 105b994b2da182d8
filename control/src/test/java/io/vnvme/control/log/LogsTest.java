package io.vnvme.control.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.spi.LoggingEvent;
import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.LogLevelInfo;
import io.vnvme.control.model.ProblemException;
import java.io.ByteArrayOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LogsTest {
    private static final String NAME = LogsTest.class.getName();
    private static final Logger LOG = System.getLogger(NAME);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @AfterEach
    void asBefore() {
        Logs.set(NAME, Logs.INHERIT);
        Logs.to(LogFormat.HUMAN);
    }

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void jsonIsAnObjectInEachLine() {
        Logs.to(LogFormat.JSON, false, out);
        LOG.log(Level.WARNING, "one {0}", "two");
        LOG.log(Level.ERROR, "went wrong", new IllegalStateException("with\nlines"));
        assertThat(lines()).hasSize(2);
        assertThat(object(0)).containsEntry("level", "WARN").containsEntry("formattedMessage", "one two");
        assertThat(object(0)).containsEntry("loggerName", NAME).containsKey("timestamp");
        assertThat(object(1).get("throwable")).asString().contains("IllegalStateException");
    }

    private Map<String, Object> object(int line) {
        Map<String, Object> fields = new HashMap<>();
        ((Map<?, ?>) Jsonb.builder().build().type(Object.class).fromJson(lines().get(line)))
                .forEach((name, value) -> fields.put(String.valueOf(name), value));
        return fields;
    }

    @Test
    void theJournalIsToldHowMuchALineMatters() {
        Logs.to(LogFormat.HUMAN, true, out);
        LOG.log(Level.INFO, "all is well");
        LOG.log(Level.ERROR, "went wrong", new IllegalStateException("why"));
        assertThat(lines().getFirst()).isEqualTo("<6>INFO  LogsTest all is well");
        assertThat(lines().subList(1, lines().size()))
                .hasSizeGreaterThan(2)
                .allSatisfy(line -> assertThat(line).startsWith("<3>"));
    }

    @Test
    void onePlaceDoesNotDrownTheOthers() {
        Logs.to(LogFormat.HUMAN, false, out);
        for (int i = 0; i < 1000; i++) {
            LOG.log(Level.INFO, "again " + i);
        }
        LOG.log(Level.INFO, "another place");
        assertThat(lines()).hasSize(PlaceLimit.LINES_MAX + 1);
        assertThat(lines().getLast()).endsWith("another place");
    }

    @Test
    void whatWasLeftOutIsCounted() {
        PlaceLimit limit = new PlaceLimit();
        for (int i = 0; i < PlaceLimit.LINES_MAX; i++) {
            assertThat(limit.asks("a", 1000)).isEqualTo(PlaceLimit.Verdict.WRITE);
        }
        assertThat(limit.leftOut("a")).isZero();
        assertThat(limit.asks("a", 1000)).isEqualTo(PlaceLimit.Verdict.LEAVE_OUT);
        assertThat(limit.asks("b", 1000)).isEqualTo(PlaceLimit.Verdict.WRITE);
        long later = 1000 + PlaceLimit.WINDOW.toMillis();
        assertThat(limit.asks("a", later - 1)).isEqualTo(PlaceLimit.Verdict.LEAVE_OUT);
        assertThat(limit.asks("a", later)).isEqualTo(PlaceLimit.Verdict.WRITE);
        assertThat(limit.leftOut("a")).isEqualTo(2);
        assertThat(limit.leftOut("a")).as("told once").isZero();
    }

    private void write(LimitedAppender appender, long atMs) {
        LoggingEvent event = new LoggingEvent();
        event.setLoggerName(NAME);
        event.setLevel(ch.qos.logback.classic.Level.WARN);
        event.setTimeStamp(atMs);
        event.setThreadName("t");
        event.setMDCPropertyMap(Map.of());
        event.setMessage("a line");
        appender.doAppend(event);
    }

    @ParameterizedTest
    @EnumSource
    void theNextLineSaysHowManyWereLeftOut(LogFormat format) {
        LimitedAppender appender = Logs.appender(format, false, out);
        for (int i = 0; i < PlaceLimit.LINES_MAX + 7; i++) {
            write(appender, 1000);
        }
        write(appender, 1000 + PlaceLimit.WINDOW.toMillis());
        assertThat(lines()).hasSize(PlaceLimit.LINES_MAX + 2);
        assertThat(lines().get(PlaceLimit.LINES_MAX)).contains("7 more like the next were left out", "WARN");
        assertThat(lines().getLast()).contains("a line");
    }

    @Test
    void levelsChangeAtOnce() {
        Logs.to(LogFormat.HUMAN, false, out);
        LOG.log(Level.DEBUG, "not to be seen");
        assertThat(Logs.set(NAME, "debug")).isEqualTo(new LogLevelInfo(NAME, "debug", "debug"));
        LOG.log(Level.DEBUG, "to be seen");
        assertThat(Logs.levels()).contains(new LogLevelInfo(NAME, "debug", "debug"));
        assertThat(Logs.set(NAME, "inherit")).isEqualTo(new LogLevelInfo(NAME, "inherit", "info"));
        LOG.log(Level.DEBUG, "not to be seen");
        assertThat(lines()).hasSize(1);
        assertThat(lines().getFirst()).endsWith("to be seen").doesNotContain("not");
        assertThat(Logs.levels())
                .extracting(LogLevelInfo::logger)
                .contains("root")
                .doesNotContain(NAME);
    }

    @Test
    void whatIsNoLoggerOrLevel() {
        for (String name : new String[] {null, "", "io.vnvme.nothing.like.this", "java.lang.String", "io.vnvme..x"}) {
            assertThatThrownBy(() -> Logs.set(name, "debug"))
                    .isInstanceOf(ProblemException.class)
                    .hasMessageContaining("is no logger");
        }
        for (String level : new String[] {null, "", "verbose", "DEBUG"}) {
            assertThatThrownBy(() -> Logs.set(NAME, level))
                    .isInstanceOf(ProblemException.class)
                    .hasMessageContaining("is no level");
        }
        assertThatThrownBy(() -> Logs.set("root", "inherit")).isInstanceOf(ProblemException.class);
    }
}
