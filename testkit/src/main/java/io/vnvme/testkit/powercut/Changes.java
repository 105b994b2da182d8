package io.vnvme.testkit.powercut;

import io.vnvme.testkit.powercut.Store.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The changes of a workload to what volumes and snapshots there are: at most one under way for each volume. */
final class Changes {
    private static final int VOLUMES_MAX = 6;
    private static final int SNAPSHOTS_MAX = 4;

    private final Model model;
    private final Requests requests;
    private final Mix mix;
    private final SplittableRandom random;
    private final Trace trace;
    private final int sectorsMax;
    private long done;
    private long refused;
    private int generation;

    /** @param sectorsMax the largest volume to make, a multiple of a cluster's */
    Changes(Model model, Requests requests, Mix mix, SplittableRandom random, Trace trace, int sectorsMax) {
        this.model = model;
        this.requests = requests;
        this.mix = mix;
        this.random = random;
        this.trace = trace;
        this.sectorsMax = sectorsMax;
    }

    long done() {
        return done;
    }

    /** Changes that the store said no to. */
    long refused() {
        return refused;
    }

    /** The power was cut: nobody waits for an answer any more. */
    void forget() {
        generation++;
    }

    /** Whether a change that touches that volume, or a snapshot of it, is under way. */
    boolean touched(String name) {
        String volume = Model.volumeOf(name);
        for (Change change : model.changes()) {
            for (String other : change.before().keySet()) {
                if (Model.volumeOf(other).equals(volume)) {
                    return true;
                }
            }
            for (String other : change.after().keySet()) {
                if (Model.volumeOf(other).equals(volume)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Starts one, when what chance chose is possible. */
    void start(Store store) {
        if (model.changes().size() >= mix.changesMax()) {
            return;
        }
        switch (mix.change(random)) {
            case Mix.CREATE -> create(store);
            case Mix.SNAPSHOT -> snapshot(store);
            case Mix.CLONE -> cloneOf(store);
            case Mix.REMOVE -> remove(store);
            case Mix.ROLLBACK -> rollback(store);
            case Mix.RENAME -> rename(store);
            default -> resize(store);
        }
    }

    private void create(Store store) {
        String name = freeName();
        if (name == null) {
            return;
        }
        int sectors = randomSectors();
        Named named = new Named(new Content(sectors), sectors, false);
        int block = random.nextBoolean() ? 4096 : 512;
        Change change = begin("create " + name, Map.of(), Map.of(name, named));
        store.create(name, named.sizeBytes(), block, random.nextInt(6) == 0, outcome(change));
    }

    private void snapshot(Store store) {
        String volume = any(false);
        if (volume == null || snapshots(volume).size() >= SNAPSHOTS_MAX) {
            return;
        }
        String snapshot = "s" + random.nextInt(8);
        String name = volume + "@" + snapshot;
        if (model.names().containsKey(name)) {
            return;
        }
        Named named = model.named(volume);
        Content content = named.content().snapshot(model.operations(), named.sectors());
        Change change = begin("snapshot " + name, Map.of(), Map.of(name, new Named(content, named.sectors(), true)));
        named.content().follow(content);
        Outcome made = outcome(change);
        store.snapshot(volume, snapshot, refusal -> {
            named.content().unfollow(content);
            made.ended(refusal);
        });
    }

    private void cloneOf(Store store) {
        String source = any(true);
        String name = freeName();
        if (source == null || name == null) {
            return;
        }
        Named named = model.named(source);
        Content content = Model.certainCopy(named);
        if (content == null) {
            return;
        }
        Change change = begin(
                "clone " + source + " " + name, Map.of(), Map.of(name, new Named(content, named.sectors(), false)));
        store.clone(source, name, outcome(change));
    }

    private void remove(Store store) {
        String name = any(random.nextInt(3) != 0);
        if (name == null || requests.busy(model.named(name).content())) {
            return;
        }
        Change change = begin("remove " + name, Map.of(name, model.named(name)), Map.of());
        store.remove(name, outcome(change));
    }

    private void rollback(Store store) {
        String source = any(true);
        if (source == null) {
            return;
        }
        String volume = Model.volumeOf(source);
        Named old = model.names().get(volume);
        if (old == null) {
            return;
        }
        Named named = model.named(source);
        Content content = Model.certainCopy(named);
        if (content == null || requests.busy(old.content())) {
            return;
        }
        Change change = begin(
                "rollback " + source, Map.of(volume, old), Map.of(volume, new Named(content, named.sectors(), false)));
        store.rollback(volume, source.substring(volume.length() + 1), outcome(change));
    }

    private void rename(Store store) {
        String from = any(false);
        String to = freeName();
        if (from == null || to == null) {
            return;
        }
        Map<String, Named> before = new HashMap<>();
        Map<String, Named> after = new HashMap<>();
        before.put(from, model.named(from));
        after.put(to, model.named(from));
        for (String snapshot : snapshots(from)) {
            before.put(snapshot, model.named(snapshot));
            after.put(to + snapshot.substring(from.length()), model.named(snapshot));
        }
        Change change = begin("rename " + from + " " + to, before, after);
        store.rename(from, to, outcome(change));
    }

    private void resize(Store store) {
        String name = any(false);
        if (name == null) {
            return;
        }
        Named named = model.named(name);
        int sectors = randomSectors();
        if (sectors < named.sectors() && requests.busy(named.content())) {
            return;
        }
        named.content().grow(sectors);
        Change change = begin(
                "resize " + name + " to " + sectors + " sectors",
                Map.of(name, named),
                Map.of(name, named.resized(sectors)));
        store.resize(name, named.resized(sectors).sizeBytes(), outcome(change));
    }

    private Change begin(String what, Map<String, Named> before, Map<String, Named> after) {
        Change change = new Change(what, before, after);
        trace.add("catalog", what, 0, 0, 0);
        model.begin(change);
        return change;
    }

    private Outcome outcome(Change change) {
        int then = generation;
        return refusal -> {
            if (then != generation) {
                return;
            }
            trace.add("catalog", refusal == null ? "done: " + change.what() : "refused: " + refusal, 0, 0, 0);
            if (refusal == null) {
                done++;
            } else {
                refused++;
            }
            model.end(change, refusal == null);
        };
    }

    /** A volume, or a snapshot, that no change touches. */
    @Nullable
    String any(boolean frozen) {
        List<String> found = new ArrayList<>();
        for (Map.Entry<String, Named> entry : model.names().entrySet()) {
            if (entry.getValue().frozen() == frozen && !touched(entry.getKey())) {
                found.add(entry.getKey());
            }
        }
        return found.isEmpty() ? null : found.get(random.nextInt(found.size()));
    }

    private List<String> snapshots(String volume) {
        NavigableMap<String, Named> names = model.names();
        return new ArrayList<>(names.subMap(volume + "@", volume + "A").keySet());
    }

    /** Names come again soon: what an old owner left must not show. */
    private @Nullable String freeName() {
        String name = "v" + random.nextInt(VOLUMES_MAX + 2);
        long volumes =
                model.names().values().stream().filter(named -> !named.frozen()).count();
        boolean taken = model.names().containsKey(name)
                || touched(name)
                || !snapshots(name).isEmpty();
        return taken || volumes + model.changes().size() >= VOLUMES_MAX ? null : name;
    }

    private int randomSectors() {
        int sectors = 1 + random.nextInt(sectorsMax);
        return random.nextInt(3) == 0 ? (sectors + 127) & -128 : (sectors + 7) & -8;
    }
}
