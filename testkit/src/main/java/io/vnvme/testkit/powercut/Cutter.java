package io.vnvme.testkit.powercut;

import io.vnvme.reactor.Clock;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.Survival;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Cuts the power, on images of the drives, and looks what is left: many times at one moment. */
final class Cutter {
    /** Up to so many uncertain writes every combination of them is tried. */
    private static final int EXHAUSTIVE_MAX = 3;

    /** Images of one moment with more of them. */
    private static final int SAMPLES = 6;

    private final StoreKind kind;
    private final Model model;
    private final List<CutImage> images = new ArrayList<>();
    private final Clock clock;
    private final SplittableRandom random;
    private long cuts;
    private long recoveries;
    private String last = "";
    private long usedClusters;
    private List<Change> happened = List.of();

    Cutter(StoreKind kind, Model model, List<PowerCutDrive> drives, Clock clock, SplittableRandom random, Arena arena) {
        this.kind = kind;
        this.model = model;
        this.clock = clock;
        this.random = random;
        for (PowerCutDrive drive : drives) {
            images.add(new CutImage(drive, arena));
        }
    }

    long cuts() {
        return cuts;
    }

    /** Those after which the store was loaded, because what counts for that was not as after one of the cuts before. */
    long recoveries() {
        return recoveries;
    }

    /** What the last cut left, for people. */
    String last() {
        return last;
    }

    List<CutImage> images() {
        return images;
    }

    /** Every kind of cut at this moment. */
    void cutAll() {
        int uncertain = 0;
        for (CutImage image : images) {
            uncertain += image.uncertain();
        }
        if (uncertain <= EXHAUSTIVE_MAX) {
            for (long mask = 0; mask < 1L << uncertain; mask++) {
                take(mask);
                check();
            }
            if (uncertain > 0) {
                take(Survival.TORN, false);
                check();
            }
            return;
        }
        for (int i = 0; i < SAMPLES; i++) {
            cutOne();
        }
    }

    /** One cut, by chance. */
    void cutOne() {
        take(Survival.of(random.nextInt(Survival.COUNT)), random.nextInt(4) == 0);
        check();
    }

    /** One cut, by chance, after which the store goes on from what is left, and from what the recovery itself wrote. */
    void cutForGood() {
        kind.forget();
        take(Survival.of(random.nextInt(Survival.COUNT)), random.nextInt(4) == 0);
        check(model::noteUnchecked);
    }

    private void take(long mask) {
        long left = mask;
        for (int i = 0; i < images.size(); i++) {
            images.get(i).take(left);
            left >>= images.get(i).uncertain();
        }
        last = "exactly the writes of mask " + Long.toBinaryString(mask) + " survived";
    }

    /** @param mixed each drive in its own way */
    private void take(Survival survival, boolean mixed) {
        Survival kept = survival;
        last = "survived: " + kept;
        for (int i = 0; i < images.size(); i++) {
            if (mixed && i > 0) {
                kept = Survival.of(random.nextInt(Survival.COUNT));
                last += ", " + kept;
            }
            images.get(i).take(kept, random);
        }
    }

    private void check() {
        check(_ -> {});
    }

    private void check(Consumer<Recovered> also) {
        cuts++;
        Recovered recovered = kind.recover(images, clock);
        recoveries += recovered.known() ? 0 : 1;
        happened = model.check(recovered);
        also.accept(recovered);
        usedClusters = recovered.usedClusters();
        model.pinSnapshots();
    }

    /** Clusters in use after the last cut. */
    long usedClusters() {
        return usedClusters;
    }

    /** Whether the last cut left something of which nothing could be known. */
    boolean blurred() {
        return model.blurred();
    }

    /** What of the unanswered changes the last cut found done. */
    List<Change> happened() {
        return happened;
    }
}
