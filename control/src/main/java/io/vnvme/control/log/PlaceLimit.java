package io.vnvme.control.log;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * How much each place in the program may write: what goes wrong again and again must not drown everything else, nor fill a
 * disk. Not safe for several threads.
 */
final class PlaceLimit {
    /** Lines of one place within {@link #WINDOW}. */
    static final int LINES_MAX = 20;

    static final Duration WINDOW = Duration.ofSeconds(10);

    private static final class Place {
        long sinceMs;
        int lines;
        int leftOut;
    }

    /** As many as there are lines in the program that write. */
    private final Map<String, Place> places = new HashMap<>();

    /** What is to be done with a line: nothing when it is left out. */
    enum Verdict {
        WRITE,
        LEAVE_OUT
    }

    /** A place wants to write a line. */
    Verdict asks(String name, long nowMs) {
        Place place = places.computeIfAbsent(name, _ -> new Place());
        if (place.lines == 0 || nowMs - place.sinceMs >= WINDOW.toMillis()) {
            place.sinceMs = nowMs;
            place.lines = 0;
        }
        if (place.lines < LINES_MAX) {
            place.lines++;
            return Verdict.WRITE;
        }
        place.leftOut++;
        return Verdict.LEAVE_OUT;
    }

    /** Takes how many lines of a place were left out before this one. */
    int leftOut(String name) {
        Place place = places.get(name);
        if (place == null) {
            return 0;
        }
        int count = place.leftOut;
        place.leftOut = 0;
        return count;
    }
}
