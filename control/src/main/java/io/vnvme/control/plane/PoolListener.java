package io.vnvme.control.plane;

import io.vnvme.control.model.EventKind;
import java.util.UUID;

/** Told of what happens to a pool by itself, on any thread; returns at once. */
public interface PoolListener {
    /** Something to be kept in the event log. */
    void event(Event event);

    /** A drive of a mirror fell behind the others ({@code stale}), or has caught up. */
    void replica(UUID drive, boolean stale);

    /**
     * @param subject drive or volume; empty: the pool
     * @param text one line for people
     */
    record Event(EventKind kind, String subject, String text) {}
}
