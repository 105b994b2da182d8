package io.vnvme.testkit.powercut;

import io.vnvme.testkit.seed.Seed;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.KeptMemory;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.SimHost;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One life of a store, from its first byte on: a workload under which the power is cut after each event. Everything in it
 * comes from its seed.
 */
public final class Simulation implements AutoCloseable {
    /** Steps without an event after which whatever still waits, waits for space that nobody gives. */
    private static final int STUCK_STEPS = 3_000;

    private static final int HOPELESS_STEPS = 10 * STUCK_STEPS;

    /** Steps without an event after which time runs faster, so that what waits for a timer is not waited for long. */
    private static final int PATIENT_STEPS = 150;

    private static final long IMPATIENT_NS = 2_000_000;

    private static final int ACTIONS_MIN = 60;
    private static final int ACTIONS_SPREAD = 400;
    /** Points after a restart at which another one may be likelier: recovery is cut as well, and its recovery. */
    private static final int EARLY_EVENTS = 25;

    /** One restart in so many cut points, on average, at the least. */
    private static final int RESTART_MIN = 60;

    /** A step in so many has something happen to the drives. */
    private static final int DISTURBED_ONE_IN = 30;
    /** Longer than data has to be quiet for its checksums and marks to be written. */
    private static final long PAUSE_MAX_NS = 6_000_000_000L;

    /** So that chance in these does not change what chance does elsewhere. */
    private static final long ACCIDENTS = 1L << 33;

    private static final long DISTURBANCES = 1L << 34;

    /**
     * What one simulation did.
     *
     * @param recoveries cuts that left metadata of their own: data and expectations are checked after every cut
     */
    public record Figures(
            long cuts,
            long recoveries,
            long requests,
            long changes,
            long refused,
            long restarts,
            long accidents,
            long errors) {
        public Figures plus(Figures other) {
            return new Figures(
                    cuts + other.cuts,
                    recoveries + other.recoveries,
                    requests + other.requests,
                    changes + other.changes,
                    refused + other.refused,
                    restarts + other.restarts,
                    accidents + other.accidents,
                    errors + other.errors);
        }

        Figures withRecoveries(long count) {
            return new Figures(cuts, count, requests, changes, refused, restarts, accidents, errors);
        }

        public static final Figures NONE = new Figures(0, 0, 0, 0, 0, 0, 0, 0);
    }

    private final Seed seed;
    private final SplittableRandom random;
    private final Arena arena = KeptMemory.take();
    private final SimHost host = new SimHost();
    private final Trace trace = new Trace();
    private final Model model = new Model();
    private final List<PowerCutDrive> drives = new ArrayList<>();
    private final StoreKind kind;
    private final Mix mix;
    private final Requests requests;
    private final Changes changes;
    private final Cutter cutter;
    private final Accidents accidents;
    /** Of what happens to drives; null when nothing can. */
    private final @Nullable SplittableRandom disturbances;

    private final int restartOneIn;
    private final int restartEarlyOneIn;
    private Store store;
    private long seenEvents;
    private long seenAnswers;
    private long restarts;
    private int idleSteps;
    private int eventsSinceRestart = EARLY_EVENTS;

    /** @param prepare is given the drives when the store is formatted: who wants them to lie says so there */
    public Simulation(Seed seed, StoreKind kind, Consumer<List<PowerCutDrive>> prepare) {
        this.seed = seed;
        this.kind = kind;
        random = seed.random();
        mix = new Mix(random.split());
        Faults faults = random.nextInt(3) == 0 ? Faults.NONE : Faults.delays(1 + random.nextInt(40_000));
        double immediate = random.nextInt(3) == 0 ? random.nextDouble() : 0;
        for (StoreKind.DriveShape shape : kind.drives(random.split())) {
            String name = "d" + drives.size();
            drives.add(new PowerCutDrive(
                    name, shape.sizeBytes(), shape.blockSizeBytes(), host.clock(), Faults.NONE, random.split(), arena));
        }
        Map<String, Long> volumes = kind.format(drives, random.split());
        volumes.forEach((name, size) -> model.add(name, (int) (size / 512)));
        for (PowerCutDrive drive : drives) {
            drive.faults(faults);
            drive.immediate(immediate);
            drive.listener(trace::drive);
        }
        requests = new Requests(model, mix, random.split(), trace, arena);
        accidents = new Accidents(model, requests, seed.round(ACCIDENTS).random(), trace, kind.alone());
        for (int i = 0; i < drives.size(); i++) {
            if (kind.prone(i)) {
                drives.get(i).fate(accidents);
            }
        }
        prepare.accept(drives);
        disturbances = kind.disturbed() ? seed.round(DISTURBANCES).random() : null;
        int sectorsMax = 128 << random.nextInt(4);
        changes = new Changes(model, requests, mix, random.split(), trace, sectorsMax);
        cutter = new Cutter(kind, model, drives, host.clock(), random.split(), arena);
        restartOneIn = RESTART_MIN << random.nextInt(5);
        restartEarlyOneIn = random.nextBoolean() ? restartOneIn : 4 + random.nextInt(20);
        store = kind.start(drives, host.clock());
        host.add(store);
        host.sleeps();
    }

    /**
     * Runs to its end.
     *
     * @throws AssertionError of the first cut that leaves what may not be, with the seed that replays it
     */
    public Figures run() {
        try {
            int actions = ACTIONS_MIN + random.nextInt(ACTIONS_SPREAD);
            while (actions > 0) {
                if (!mix.idle(random)) {
                    act();
                    actions--;
                }
                unstick();
                disturb();
                step();
            }
            finish();
            return figures();
        } catch (Exception | Error e) {
            throw new AssertionError(
                    "seed %d, cut %d (%s): %s%n%s".formatted(seed.value(), cutter.cuts(), cutter.last(), e, trace), e);
        }
    }

    public Figures figures() {
        return new Figures(
                cutter.cuts(),
                cutter.recoveries(),
                requests.ended(),
                changes.done(),
                changes.refused(),
                restarts,
                accidents.count(),
                requests.failures());
    }

    /** Lets something happen to the drives, or time pass until what waits for quiet times is done. */
    private void disturb() {
        SplittableRandom chance = disturbances;
        if (chance == null || chance.nextInt(DISTURBED_ONE_IN) != 0) {
            return;
        }
        if (chance.nextInt(3) == 0) {
            host.clock().advance(chance.nextLong(PAUSE_MAX_NS));
        } else {
            store.disturb(chance);
        }
    }

    private void act() {
        host.wake();
        if (store.changeable() && (mix.changes(random) || model.names().isEmpty())) {
            changes.start(store);
            return;
        }
        String name = pickForRequest();
        if (name != null) {
            requests.start(store, name, model.named(name));
        }
    }

    /** A volume whose content no change replaces. */
    private @Nullable String pickForRequest() {
        if (model.names().isEmpty()) {
            return null;
        }
        List<String> names = List.copyOf(model.names().keySet());
        String name = names.get(random.nextInt(names.size()));
        if (model.named(name).frozen()) {
            return null;
        }
        for (Change change : model.changes()) {
            if (change.before().containsKey(name)) {
                return null;
            }
        }
        return name;
    }

    /** What waits for space that nobody gives is cut off; nothing else may wait for long. */
    private void unstick() {
        if (requests.underWay() + model.changes().size() == 0) {
            // Nobody waits: who comes next has all the time there is.
            idleSteps = Math.min(idleSteps, PATIENT_STEPS + 1);
            return;
        }
        if (idleSteps <= STUCK_STEPS) {
            return;
        }
        if (!store.waitsForSpace()) {
            throw new AssertionError("%d requests and %d changes do not end"
                    .formatted(requests.underWay(), model.changes().size()));
        }
        if (idleSteps > HOPELESS_STEPS) {
            throw new AssertionError("the drives are never as they should be");
        }
        restart();
    }

    private void step() {
        host.step();
        if (idleSteps++ > PATIENT_STEPS) {
            host.clock().advance(IMPATIENT_NS);
        }
        long events = 0;
        for (int i = 0; i < drives.size(); i++) {
            events += drives.get(i).events();
        }
        long answers = requests.ended() + changes.done() + changes.refused();
        if (events == seenEvents && answers == seenAnswers) {
            return;
        }
        idleSteps = 0;
        seenEvents = events;
        seenAnswers = answers;
        cutter.cutAll();
        if (random.nextInt(eventsSinceRestart++ < EARLY_EVENTS ? restartEarlyOneIn : restartOneIn) == 0) {
            restart();
        }
    }

    /** The power is cut in earnest, and the store goes on from what is left. */
    private void restart() {
        if (!store.mayBeCut()) {
            return;
        }
        cutter.cutForGood();
        if (cutter.blurred()) {
            // What goes on is not what the model knows.
            return;
        }
        trace.add("power", "cut, " + cutter.last(), 0, 0, 0);
        for (int i = 0; i < drives.size(); i++) {
            drives.get(i).restart(cutter.images().get(i));
        }
        model.adopt(cutter.happened());
        requests.forget();
        changes.forget();
        host.remove(store);
        store.giveUp();
        store = kind.start(drives, host.clock());
        host.add(store);
        restarts++;
        eventsSinceRestart = 0;
        idleSteps = 0;
    }

    /** Lets everything end, closes the store, and looks a last time: now all that was written is there. */
    private void finish() {
        settle();
        boolean[] closed = new boolean[1];
        long mark = model.operations().nextMoment();
        trace.add("store", "close", 0, 0, 0);
        host.wake();
        store.close(refusal -> {
            if (refusal != null) {
                throw new AssertionError("close was refused: " + refusal);
            }
            closed[0] = true;
        });
        for (int i = 0; i < STUCK_STEPS && !closed[0]; i++) {
            step0();
        }
        if (!closed[0]) {
            throw new AssertionError("close does not end");
        }
        model.closed(mark);
        cutter.cutAll();
        requireSpace();
        store.giveUp();
    }

    /** Nothing is under way any more: what the store counts as used is what a start of it finds to be. */
    private void requireSpace() {
        if (store.settled() && store.usedClusters() != cutter.usedClusters()) {
            throw new AssertionError("the store counts %d clusters in use, and %d are"
                    .formatted(store.usedClusters(), cutter.usedClusters()));
        }
    }

    private void step0() {
        host.step();
        cutter.cutOne();
    }

    private void settle() {
        while (requests.underWay() > 0 || !model.changes().isEmpty()) {
            unstick();
            step();
        }
    }

    @Override
    public void close() {
        kind.close();
        drives.forEach(PowerCutDrive::wipe);
        arena.close();
    }
}
