package io.vnvme.control.plane;

/** Told of what happens to a pool by itself, on any thread; returns at once. */
public interface PoolListener {
    /** Something to be kept in the event log. */
    void event(Event event);

    /**
     * @param severity {@code info}, {@code warning} or {@code error}
     * @param kind stable name
     * @param subject drive or volume; empty: the pool
     * @param text one line for people
     */
    record Event(String severity, String kind, String subject, String text) {}
}
