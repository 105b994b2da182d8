package io.vnvme.handover;

import io.vnvme.os.Fd;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What an earlier process had kept, by name, until somebody takes it; what nobody takes is closed. One thread at a time.
 */
public final class Held implements AutoCloseable {
    private final SortedMap<String, Fd> fds;

    public Held() {
        this(new TreeMap<>());
    }

    private Held(SortedMap<String, Fd> fds) {
        this.fds = fds;
    }

    /** @param fd its owner from now on */
    public void add(String name, Fd fd) {
        Fd before = fds.put(name, fd);
        if (before != null) {
            before.close();
        }
    }

    /** Hands what has that name to the caller, who owns it. */
    public Optional<Fd> take(String name) {
        return Optional.ofNullable(fds.remove(name));
    }

    /** Takes all whose names begin so; they are known without that beginning. */
    public Held takeAll(String prefix) {
        Held taken = new Held();
        for (String name : new TreeSet<>(fds.tailMap(prefix).keySet())) {
            if (!name.startsWith(prefix)) {
                break;
            }
            Fd fd = fds.remove(name);
            if (fd != null) {
                taken.add(name.substring(prefix.length()), fd);
            }
        }
        return taken;
    }

    /** Names up to the first {@code separator}, each once, in order. */
    public SortedSet<String> groups(char separator) {
        SortedSet<String> groups = new TreeSet<>();
        for (String name : fds.keySet()) {
            int end = name.indexOf(separator);
            if (end >= 0) {
                groups.add(name.substring(0, end));
            }
        }
        return groups;
    }

    /** Names that begin so, in order, without that beginning. */
    public SortedSet<String> names(String prefix) {
        SortedSet<String> names = new TreeSet<>();
        for (String name : fds.tailMap(prefix).keySet()) {
            if (!name.startsWith(prefix)) {
                break;
            }
            names.add(name.substring(prefix.length()));
        }
        return names;
    }

    /**
     * Asks about each of such a name, which stays here.
     *
     * @return the first refusal
     */
    public Optional<String> refusal(Predicate<String> names, Function<Fd, Optional<String>> ask) {
        return fds.entrySet().stream()
                .filter(each -> names.test(each.getKey()))
                .flatMap(each -> ask.apply(each.getValue()).stream())
                .findFirst();
    }

    public boolean isEmpty() {
        return fds.isEmpty();
    }

    @Override
    public void close() {
        fds.values().forEach(Fd::close);
        fds.clear();
    }
}
