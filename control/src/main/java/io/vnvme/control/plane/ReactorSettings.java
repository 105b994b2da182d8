package io.vnvme.control.plane;

import io.vnvme.reactor.IdlePolicy;
import java.util.List;

/**
 * The reactors that a daemon is to have.
 *
 * @param count how many; 0: as many as there are {@code cpus}, or as many as suit the machine
 * @param cpus a processor for each, in the order of the reactors; empty: chosen
 * @param idle what each does without work; those beyond the last are like that
 */
public record ReactorSettings(int count, List<Integer> cpus, List<IdlePolicy> idle) {
    /** More would be of no use to the drives of a host, and each costs some memory. */
    public static final int REACTORS_MAX = 64;

    /** @throws IllegalArgumentException when there are more reactors than processors for them, or no policy */
    public ReactorSettings {
        if (count < 0 || count > REACTORS_MAX || cpus.size() > REACTORS_MAX) {
            throw new IllegalArgumentException("%d reactors: at most %d".formatted(count, REACTORS_MAX));
        }
        if (!cpus.isEmpty() && count > cpus.size()) {
            throw new IllegalArgumentException("%d reactors on %d processors".formatted(count, cpus.size()));
        }
        if (idle.isEmpty()) {
            throw new IllegalArgumentException("nothing is said of what reactors without work do");
        }
        cpus = List.copyOf(cpus);
        idle = List.copyOf(idle);
    }

    /** So many, on processors that suit, all idle in this way. */
    public static ReactorSettings of(int count, IdlePolicy idle) {
        return new ReactorSettings(count, List.of(), List.of(idle));
    }

    IdlePolicy idle(int reactor) {
        return idle.get(Math.min(reactor, idle.size() - 1));
    }
}
