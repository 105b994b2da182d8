package io.vnvme.pool.mirror;

import java.util.List;

/** A mirror as it was found on its drives. */
public final class MirrorImage {
    private final List<Boolean> present;
    private final BitPages pages;
    private final List<Integer> apart;
    private MirrorHeader header;
    private List<Integer> left = List.of();

    /**
     * @param header the newest one
     * @param present by slot: whether its drive is there and is this mirror's
     * @param pages the bits of all current replicas together
     * @param apart slots whose drives were written without the others
     */
    MirrorImage(MirrorHeader header, List<Boolean> present, BitPages pages, List<Integer> apart) {
        this.header = header;
        this.present = List.copyOf(present);
        this.pages = pages;
        this.apart = List.copyOf(apart);
    }

    MirrorHeader header() {
        return header;
    }

    BitPages pages() {
        return pages;
    }

    /** The replicas that are there have recorded that those in {@code slots} are stale from now on. */
    void left(MirrorHeader recorded, List<Integer> slots) {
        header = recorded;
        left = List.copyOf(slots);
    }

    /** Slots that were current until this mirror was loaded without their drives. */
    List<Integer> left() {
        return left;
    }

    public int slotCount() {
        return header.slots().size();
    }

    /** What the newest header says of a slot. */
    public ReplicaState state(int slot) {
        return header.slots().get(slot).state();
    }

    /** True when the slot's drive is there and may be used. */
    public boolean present(int slot) {
        return present.get(slot);
    }

    /** True when several replicas have all data, and may differ where writes were in flight at a crash. */
    public boolean doubtful() {
        int current = 0;
        for (int slot = 0; slot < slotCount(); slot++) {
            current += state(slot) == ReplicaState.CURRENT && present(slot) ? 1 : 0;
        }
        Plane intent = new Plane(pages, 0, AreaGeometry.intentShift(header.sizeBytes()), header.sizeBytes());
        return current > 1 && intent.next(0) >= 0;
    }

    /** True when a current replica is missing: using the mirror without it makes that one stale. */
    public boolean degraded() {
        for (int slot = 0; slot < slotCount(); slot++) {
            if (state(slot) == ReplicaState.CURRENT && !present(slot)) {
                return true;
            }
        }
        return false;
    }

    /** True when a replica is missing that may have been written last: that it is behind from now on has to be recorded. */
    public boolean leaves() {
        for (int slot = 0; slot < slotCount(); slot++) {
            if (state(slot) != ReplicaState.STALE && !present(slot)) {
                return true;
            }
        }
        return false;
    }

    /** Slots whose drives were written without the others: they hold what no other has, and are left out. */
    public List<Integer> apart() {
        return apart;
    }
}
