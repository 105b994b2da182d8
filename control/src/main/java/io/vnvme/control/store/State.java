package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the administrator wants to exist: all that a restarted daemon needs to offer the same again. Unchangeable; each
 * change makes a new one.
 *
 * @param version of this layout, {@link #VERSION}
 * @param drives claimed drives, in the order of claiming
 * @param vnvmes in the order of creation
 */
@Json
public record State(int version, List<ClaimedDrive> drives, List<VnvmeRecord> vnvmes) {
    /** Counts up with every change that an older daemon would misread. */
    public static final int VERSION = 1;

    static final State EMPTY = new State(VERSION, List.of(), List.of());

    public State {
        drives = List.copyOf(drives);
        vnvmes = List.copyOf(vnvmes);
    }

    public Optional<ClaimedDrive> drive(String name) {
        return drives.stream().filter(d -> d.name().equals(name)).findFirst();
    }

    public Optional<VnvmeRecord> vnvme(String name) {
        return vnvmes.stream().filter(v -> v.name().equals(name)).findFirst();
    }

    /** Those that lie on {@code drive}. */
    public List<VnvmeRecord> vnvmesOn(String drive) {
        return vnvmes.stream().filter(v -> v.drive().equals(drive)).toList();
    }

    public State with(ClaimedDrive drive) {
        return new State(version, appended(drives, drive), vnvmes);
    }

    public State with(VnvmeRecord vnvme) {
        return new State(version, drives, appended(vnvmes, vnvme));
    }

    public State withoutDrive(String name) {
        return new State(
                version, drives.stream().filter(d -> !d.name().equals(name)).toList(), vnvmes);
    }

    public State withoutVnvme(String name) {
        return new State(
                version,
                drives,
                vnvmes.stream().filter(v -> !v.name().equals(name)).toList());
    }

    private static <T> List<T> appended(List<T> list, T element) {
        List<T> longer = new ArrayList<>(list);
        longer.add(element);
        return longer;
    }
}
