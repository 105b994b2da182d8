package io.vnvme.control.plane;

import java.util.Optional;

/** What is found again and again: once it has been found often enough in a row it is due, and then nothing is for a while. */
final class Lasting<T> {
    private final int looks;
    private final int pauseLooks;
    private Optional<T> before = Optional.empty();
    private int seen;
    private int pause;

    /**
     * @param looks in a row that have to find the same
     * @param pauseLooks after something was due, in which nothing counts
     */
    Lasting(int looks, int pauseLooks) {
        this.looks = looks;
        this.pauseLooks = pauseLooks;
    }

    /** A look has found this. @return what is due now */
    Optional<T> after(Optional<T> found) {
        if (pause > 0) {
            pause--;
            return Optional.empty();
        }
        seen = found.equals(before) ? seen + 1 : 1;
        before = found;
        if (found.isEmpty() || seen < looks) {
            return Optional.empty();
        }
        pause = pauseLooks;
        before = Optional.empty();
        return found;
    }
}
