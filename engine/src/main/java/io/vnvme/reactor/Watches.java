package io.vnvme.reactor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The watches of a reactor by what epoll tells of each: a place, and how many were admitted before, for a place that had another. */
final class Watches {
    private static final int PLACES = 16;
    private static final int COUNT_SHIFT = 32;

    private @Nullable Watch[] places = new Watch[PLACES];
    private long admitted;

    /** @return what tells it from others; never 0 */
    long add(Watch watch) {
        int place = 0;
        while (place < places.length && places[place] != null) {
            place++;
        }
        if (place == places.length) {
            places = Arrays.copyOf(places, place * 2);
        }
        places[place] = watch;
        return ++admitted << COUNT_SHIFT | place;
    }

    /** The watch that has this token now, or null. */
    @Nullable
    Watch find(long token) {
        int place = (int) token;
        Watch found = place < places.length ? places[place] : null;
        return found != null && found.token() == token ? found : null;
    }

    /** What {@link #add} answered is not used. */
    void forget(long token) {
        places[(int) token] = null;
    }

    void remove(Watch watch) {
        if (find(watch.token()) != null) {
            places[(int) watch.token()] = null;
        }
    }
}
