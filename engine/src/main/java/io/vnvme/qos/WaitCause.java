package io.vnvme.qos;

/** What the commands of a vNVMe may have to wait for, other than their turn. */
public enum WaitCause {
    /** The limits of the vNVMe itself. */
    OWN_LIMIT(0, "own-limit"),
    /** Those of its group. */
    GROUP_LIMIT(1, "group-limit"),
    /** None: others are active on the same drives, and it has its share of them. */
    FAIR_SHARE(2, "fair-share"),
    /** The pool is full, and writes are held until there is space. */
    POOL_SPACE(3, "pool-space"),
    /** A drive had work of it and ended none for 10 ms and longer. */
    SLOW_DRIVE(4, "slow-drive");

    private final int index;
    private final String word;

    WaitCause(int index, String word) {
        this.index = index;
        this.word = word;
    }

    /** Where it stands among the others, from 0: in log pages too, so that it never changes. */
    public int index() {
        return index;
    }

    /** As metrics and tools say it. */
    public String word() {
        return word;
    }
}
