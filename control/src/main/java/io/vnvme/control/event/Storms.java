package io.vnvme.control.event;

import io.vnvme.control.model.EventKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Folds what happens again and again to the same subject: the first few within a while are told, the others as one at its
 * end. Not safe for several threads.
 */
final class Storms {
    /** So many of the same are told one by one within {@link #WINDOW}. */
    static final int SINGLE_MAX = 5;

    static final Duration WINDOW = Duration.ofMinutes(1);

    private record Key(EventKind kind, String subject) {}

    private static final class Storm {
        final Instant until;
        int told;
        int folded;
        String text = "";

        Storm(Instant until) {
            this.until = until;
        }
    }

    /**
     * Several of the same.
     *
     * @param text of the last
     * @param count how many
     */
    record Folded(EventKind kind, String subject, String text, int count) {}

    private final Map<Key, Storm> storms = new HashMap<>();

    /** Something happens. @return whether it is to be told now; else it is folded */
    boolean tell(EventKind kind, String subject, String text, Instant now) {
        storms.values().removeIf(s -> s.folded == 0 && !now.isBefore(s.until));
        Storm storm = storms.computeIfAbsent(new Key(kind, subject), _ -> new Storm(now.plus(WINDOW)));
        if (storm.told < SINGLE_MAX) {
            storm.told++;
            return true;
        }
        storm.folded++;
        storm.text = text;
        return false;
    }

    /** Whether something is folded that is still to be told. */
    boolean folding() {
        return storms.values().stream().anyMatch(s -> s.folded > 0);
    }

    /** Takes what was folded in windows that are over. */
    List<Folded> over(Instant now) {
        List<Folded> over = new ArrayList<>();
        for (Iterator<Map.Entry<Key, Storm>> all = storms.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Key, Storm> entry = all.next();
            Storm storm = entry.getValue();
            if (!now.isBefore(storm.until)) {
                all.remove();
                if (storm.folded > 0) {
                    over.add(new Folded(entry.getKey().kind(), entry.getKey().subject(), storm.text, storm.folded));
                }
            }
        }
        return over;
    }
}
