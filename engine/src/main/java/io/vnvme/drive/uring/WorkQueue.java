package io.vnvme.drive.uring;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** First in, first out, in an array that grows to the longest line there ever was. */
final class WorkQueue<T> {
    private @Nullable Object[] items = new Object[64];
    private int head;
    private int count;

    int count() {
        return count;
    }

    void add(T item) {
        if (count == items.length) {
            grow();
        }
        items[head + count++ & items.length - 1] = item;
    }

    /** The oldest; there must be one. */
    @SuppressWarnings("unchecked") // only T goes in
    T remove() {
        Object item = items[head];
        if (count == 0 || item == null) {
            throw new IllegalStateException("nothing is in line");
        }
        items[head] = null;
        head = head + 1 & items.length - 1;
        count--;
        return (T) item;
    }

    private void grow() {
        @Nullable Object[] larger = Arrays.copyOf(items, items.length * 2);
        // What had wrapped around to the front goes on behind the former end.
        System.arraycopy(items, 0, larger, items.length, head);
        Arrays.fill(larger, 0, head, null);
        items = larger;
    }
}
