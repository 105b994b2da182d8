package io.vnvme.testkit.powercut;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Everything that a store was asked to keep, and what of it may be missing after a power cut at this moment. */
final class Model {
    /** One check in so many computes checksums. */
    private static final int JUDGED_ONE_IN = 8;

    private static final BitSet NO_BLOCKS = new BitSet();

    /** The stamp of no operation. */
    private static final long NOTHING = -1;

    private final Operations operations = new Operations();
    private final TreeMap<String, Named> names = new TreeMap<>();
    private final List<Change> changes = new ArrayList<>();
    private final Map<String, long[]> found = new HashMap<>();
    /** The names that the last check read. */
    private final Set<String> looked = new HashSet<>();

    /** Blocks of the volume that was judged last. */
    private final BitSet wrong = new BitSet();

    private final BitSet unknown = new BitSet();
    private final Map<String, BitSet> unchecked = new HashMap<>();
    private boolean blurred;
    private long adoptedAt;
    private long checks;

    Operations operations() {
        return operations;
    }

    /** Volumes and snapshots by name, without the changes that are not answered. */
    NavigableMap<String, Named> names() {
        return names;
    }

    Named named(String name) {
        Named named = names.get(name);
        if (named == null) {
            throw new IllegalArgumentException(name);
        }
        return named;
    }

    List<Change> changes() {
        return changes;
    }

    void add(String name, int sectors) {
        names.put(name, new Named(new Content(sectors), sectors, false));
    }

    /** An accident happened to the block that holds that stamp: whoever may have it may find it wrong. */
    void hurt(long stamp, long moment) {
        for (Content content : holders(stamp)) {
            content.hurt(Operations.sector(stamp), moment);
        }
    }

    /** Whether whoever has the block that holds that stamp would see that it is wrong. */
    boolean checked(long stamp) {
        return operations.begunAt(operations.number(stamp)) > adoptedAt
                || holders(stamp).stream().noneMatch(content -> content.unchecked(Operations.sector(stamp)));
    }

    private Set<Content> holders(long stamp) {
        int number = operations.number(stamp);
        int sector = Operations.sector(stamp);
        Set<Content> contents = Collections.newSetFromMap(new IdentityHashMap<>());
        names.values().forEach(named -> contents.add(named.content()));
        for (Change change : changes) {
            change.before().values().forEach(named -> contents.add(named.content()));
            change.after().values().forEach(named -> contents.add(named.content()));
        }
        contents.removeIf(content -> !content.mayHold(number, sector));
        return contents;
    }

    /** A change was asked for. */
    void begin(Change change) {
        changes.add(change);
    }

    /** A change was answered. */
    void end(Change change, boolean done) {
        changes.remove(change);
        if (done) {
            apply(change);
        }
    }

    private void apply(Change change) {
        change.before().keySet().forEach(names::remove);
        names.putAll(change.after());
        change.after().forEach((_, named) -> {
            if (change.before().values().stream().anyMatch(old -> old.sectors() > named.sectors()) && !named.frozen()) {
                named.content().truncate(named.sectors());
            }
        });
    }

    /**
     * Looks whether a power cut at this moment may leave what was found.
     *
     * @return the changes that have happened of those that were not answered
     * @throws AssertionError that says what may not be
     */
    List<Change> check(Recovered recovered) {
        recovered.check();
        looked.clear();
        blurred = false;
        checks++;
        Map<String, Long> sizes = recovered.sizes();
        TreeMap<String, Named> expected = new TreeMap<>(names);
        List<Change> happened = new ArrayList<>();
        for (Change change : changes) {
            if (happened(change, sizes, recovered)) {
                happened.add(change);
                change.before().keySet().forEach(expected::remove);
                expected.putAll(change.after());
            }
        }
        if (!expected.keySet().equals(sizes.keySet())) {
            throw new AssertionError(
                    "names: found " + new TreeSet<>(sizes.keySet()) + ", not " + expected.keySet() + pending());
        }
        for (Map.Entry<String, Named> entry : expected.entrySet()) {
            checkOne(entry.getKey(), entry.getValue(), sizes, recovered);
        }
        return happened;
    }

    /** Whether a change that was not answered is what is found; when nothing tells, it is not. */
    private boolean happened(Change change, Map<String, Long> sizes, Recovered recovered) {
        boolean without = matches(change.before(), change.after(), sizes);
        boolean with = matches(change.after(), change.before(), sizes);
        if (without == with && with) {
            return change.before().entrySet().stream()
                    .anyMatch(entry -> mismatch(entry.getKey(), entry.getValue(), recovered) >= 0);
        }
        return with;
    }

    private static boolean matches(Map<String, Named> present, Map<String, Named> absent, Map<String, Long> sizes) {
        for (Map.Entry<String, Named> entry : present.entrySet()) {
            Long size = sizes.get(entry.getKey());
            if (size == null || size != entry.getValue().sizeBytes()) {
                return false;
            }
        }
        for (String name : absent.keySet()) {
            if (!present.containsKey(name) && sizes.containsKey(name)) {
                return false;
            }
        }
        return true;
    }

    private void checkOne(String name, Named named, Map<String, Long> sizes, Recovered recovered) {
        Long size = sizes.get(name);
        if (size == null || size != named.sizeBytes()) {
            throw new AssertionError(
                    "%s: found %d bytes, not %d%s".formatted(name, size, named.sizeBytes(), pending()));
        }
        int sector = mismatch(name, named, recovered);
        if (sector >= 0) {
            throw new AssertionError("%s: sector %d (cluster %d, block %d): found %s, not %s%s"
                    .formatted(
                            name,
                            sector,
                            sector / 128,
                            sector / 8 % 16,
                            Operations.describe(stamps(name, named.sectors())[sector]),
                            named.content().describe(sector),
                            pending()));
        }
        if (checks % JUDGED_ONE_IN == 0) {
            checkJudgement(name, named, recovered);
        }
    }

    private int mismatch(String name, Named named, Recovered recovered) {
        long[] stamps = stamps(name, named.sectors());
        recovered.read(name, stamps, named.sectors());
        looked.add(name);
        if (named.content().doubtful(operations)) {
            judge(name, recovered);
            forgetWrong(named, stamps);
        }
        int sector = named.content().mismatch(stamps, 0, named.sectors());
        if (sector < 0 || !named.content().hurt(operations, sector)) {
            return sector;
        }
        judge(name, recovered);
        while (sector >= 0 && named.content().hurt(operations, sector)) {
            blurred |= unknown.get(sector / 8);
            if (!unknown.get(sector / 8) && !wrong.get(sector / 8)) {
                return sector;
            }
            sector = named.content().mismatch(stamps, sector + 1, named.sectors());
        }
        return sector;
    }

    /** What reads as an error says nothing of what was done, though it may look like what some operation leaves. */
    private void forgetWrong(Named named, long[] stamps) {
        for (int block = wrong.nextSetBit(0); block >= 0; block = wrong.nextSetBit(block + 1)) {
            for (int i = block * 8; i < Math.min(block * 8 + 8, named.sectors()); i++) {
                stamps[i] = named.content().hurt(operations, i) ? NOTHING : stamps[i];
            }
        }
    }

    private void judge(String name, Recovered recovered) {
        wrong.clear();
        unknown.clear();
        recovered.judge(name, wrong, unknown);
    }

    /** What no accident happened to has the right checksum, or none. */
    private void checkJudgement(String name, Named named, Recovered recovered) {
        judge(name, recovered);
        for (int block = wrong.nextSetBit(0); block >= 0; block = wrong.nextSetBit(block + 1)) {
            if (!named.content().hurt(operations, block * 8)) {
                throw new AssertionError("%s: block %d is right, and its checksum says that it is wrong%s"
                        .formatted(name, block, pending()));
            }
        }
    }

    /** Whether the last check accepted data as it was because nothing could be known of it. */
    boolean blurred() {
        return blurred;
    }

    private long[] stamps(String name, int sectors) {
        long[] stamps = found.get(name);
        if (stamps == null || stamps.length < sectors) {
            stamps = new long[sectors];
            found.put(name, stamps);
        }
        return stamps;
    }

    private String pending() {
        StringBuilder text = new StringBuilder();
        for (Change change : changes) {
            text.append(text.isEmpty() ? " (under way: " : ", ").append(change.what());
        }
        return text.isEmpty() ? "" : text.append(')').toString();
    }

    /** Snapshots are what they were found to be, at whatever moment that was. */
    void pinSnapshots() {
        for (Map.Entry<String, Named> entry : names.entrySet()) {
            Named named = entry.getValue();
            if (named.frozen() && !named.content().certain() && looked.contains(entry.getKey())) {
                named.content().pinSound(operations, stamps(entry.getKey(), named.sectors()), named.sectors());
            }
        }
    }

    /** What was found by a {@link #check} will be gone on with: which of it has no checksum that counts. */
    void noteUnchecked(Recovered recovered) {
        for (String name : recovered.sizes().keySet()) {
            judge(name, recovered);
            unchecked.put(name, (BitSet) unknown.clone());
        }
    }

    /** The power was cut and is back: what was found by the last {@link #check} is all there is. */
    void adopt(List<Change> happened) {
        adoptedAt = operations.nextMoment();
        happened.forEach(this::apply);
        changes.clear();
        for (Map.Entry<String, Named> entry : names.entrySet()) {
            Named named = entry.getValue();
            named.content().forgetFollowers();
            named.content().pin(stamps(entry.getKey(), named.sectors()), named.sectors());
            named.content().truncate(named.sectors());
            named.content().unchecked(unchecked.getOrDefault(entry.getKey(), NO_BLOCKS));
        }
        unchecked.clear();
    }

    /** All that ended before that moment is durable. Which writes beside it a snapshot holds is not known from that. */
    void closed(long mark) {
        for (Named named : names.values()) {
            if (!named.frozen()) {
                named.content().flushed(operations, mark);
            }
        }
    }

    /** The root of a name: snapshots follow their volume. */
    static String volumeOf(String name) {
        int at = name.indexOf('@');
        return at < 0 ? name : name.substring(0, at);
    }

    /** A snapshot that is not certain yet cannot be copied in the model. */
    static @Nullable Content certainCopy(Named named) {
        return named.content().certain() ? named.content().copy() : null;
    }
}
