package io.vnvme.control.metrics;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Counters of things that have names, of which only so many are shown by name and the rest as one, {@value #REST}: who
 * watches pays for each name. Who has a name of its own keeps it while it is there; the rest never counts down, though its
 * members come and go. Not safe for several threads.
 */
final class Bounded {
    /** Stands for all that have no name of their own. A thing that is called so is one of them. */
    static final String REST = "other";

    private final int namesMax;
    private final Set<String> named = new HashSet<>();
    /** Of the members of the rest, as they were seen last. */
    private final Map<String, long[]> seen = new HashMap<>();

    private long[] rest = {};

    Bounded(int namesMax) {
        this.namesMax = namesMax;
    }

    /**
     * Takes what has been counted until now.
     *
     * @param now counters by name, in the order in which names are given, all as many
     * @return the same, with the rest as one where there is one
     */
    Map<String, long[]> of(Map<String, long[]> now) {
        named.retainAll(now.keySet());
        seen.keySet().retainAll(now.keySet());
        Map<String, long[]> shown = new LinkedHashMap<>();
        now.forEach((name, counts) -> {
            if (named(name)) {
                shown.put(name, counts);
            } else {
                add(name, counts);
            }
        });
        if (rest.length > 0) {
            shown.put(REST, rest.clone());
        }
        return shown;
    }

    /** The name that something is shown by. */
    String label(String name) {
        return named.contains(name) ? name : REST;
    }

    private boolean named(String name) {
        if (named.contains(name)) {
            return true;
        }
        if (named.size() >= namesMax || name.equals(REST) || seen.containsKey(name)) {
            return false;
        }
        named.add(name);
        return true;
    }

    private void add(String name, long[] counts) {
        if (rest.length == 0) {
            rest = new long[counts.length];
        }
        long[] before = seen.getOrDefault(name, new long[counts.length]);
        for (int i = 0; i < counts.length; i++) {
            // Less than before: it was made anew under its old name.
            rest[i] += counts[i] >= before[i] ? counts[i] - before[i] : counts[i];
        }
        seen.put(name, counts);
    }
}
