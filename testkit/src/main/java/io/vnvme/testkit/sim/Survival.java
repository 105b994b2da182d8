package io.vnvme.testkit.sim;

/** Which of the writes that no flush covers are on the media after a power cut. */
public enum Survival {
    /** None: only what was flushed. */
    NONE,
    /** All that had ended, none that was under way. */
    ENDED,
    /** All, those under way as well. */
    ALL,
    /** Those that ended up to some moment, and parts of those under way. */
    PREFIX,
    /** Each or not, by chance. */
    SUBSET,
    /** Each sector of each, or not, by chance. */
    TORN,
    /** All but one. */
    ALL_BUT_ONE,
    /** One alone. */
    ONE_ALONE;

    private static final Survival[] KINDS = values();

    /** How many there are. */
    public static final int COUNT = KINDS.length;

    /** The kind of that number. */
    public static Survival of(int index) {
        return KINDS[index];
    }
}
