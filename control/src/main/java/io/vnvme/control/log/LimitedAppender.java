package io.vnvme.control.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import io.vnvme.control.event.EventLog;
import java.util.Set;

/** Writes lines, but no more than {@link PlaceLimit} of each place; then how many were left out. */
final class LimitedAppender extends OutputStreamAppender<ILoggingEvent> {
    /** Between the place that writes and here. */
    private static final Set<String> FRAMES = Set.of("java.", "jdk.", "sun.", "org.slf4j.", "ch.qos.logback.");

    private static final StackWalker WALKER = StackWalker.getInstance();

    private final PlaceLimit limit = new PlaceLimit();

    @Override
    protected void append(ILoggingEvent event) {
        // Each event is another thing that happened, and storms of the same are folded there.
        if (event.getLoggerName().equals(EventLog.class.getName())) {
            super.append(event);
            return;
        }
        String place = place(event);
        int leftOut;
        synchronized (limit) {
            if (limit.asks(place, event.getTimeStamp()) == PlaceLimit.Verdict.LEAVE_OUT) {
                return;
            }
            leftOut = limit.leftOut(place);
        }
        if (leftOut > 0) {
            super.append(note(event, leftOut));
        }
        super.append(event);
    }

    private static ILoggingEvent note(ILoggingEvent next, int leftOut) {
        LoggingEvent note = new LoggingEvent();
        note.setLoggerName(next.getLoggerName());
        note.setLevel(next.getLevel());
        note.setTimeStamp(next.getTimeStamp());
        note.setThreadName(next.getThreadName());
        note.setMDCPropertyMap(next.getMDCPropertyMap());
        note.setMessage("%d more like the next were left out".formatted(leftOut));
        return note;
    }

    /** A line of the program: what it writes differs from time to time. */
    private static String place(ILoggingEvent event) {
        return WALKER.walk(frames -> frames.filter(f -> FRAMES.stream().noneMatch(f.getClassName()::startsWith)
                        && !f.getClassName().equals(LimitedAppender.class.getName()))
                .findFirst()
                .map(f -> f.getClassName() + ":" + f.getLineNumber())
                .orElse(event.getLoggerName()));
    }
}
