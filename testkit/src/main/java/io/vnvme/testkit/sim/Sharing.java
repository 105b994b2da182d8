package io.vnvme.testkit.sim;

import java.util.SplittableRandom;

/** How a simulated guest's memory reaches its devices. */
public enum Sharing {
    /** Every region is mapped. */
    ALL,
    /** No region is: everything goes by messages. */
    NONE,
    /** Every second region is mapped. */
    HALF;

    /** One of them. */
    public static Sharing any(SplittableRandom random) {
        return switch (random.nextInt(3)) {
            case 0 -> ALL;
            case 1 -> NONE;
            default -> HALF;
        };
    }

    /** Whether region {@code index} is mapped. */
    public boolean maps(int index) {
        return this == ALL || (this == HALF && index % 2 == 0);
    }
}
