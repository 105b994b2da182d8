package io.vnvme.qos;

import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Tickets in the order they came. Allocates nothing. */
public final class Line {
    private @Nullable Ticket first;
    private @Nullable Ticket last;

    public boolean isEmpty() {
        return first == null;
    }

    public void add(Ticket ticket) {
        Ticket before = last;
        ticket.next = null;
        last = ticket;
        if (before == null) {
            first = ticket;
        } else {
            before.next = ticket;
        }
    }

    /** Puts one before all others. */
    public void addFirst(Ticket ticket) {
        ticket.next = first;
        first = ticket;
        if (last == null) {
            last = ticket;
        }
    }

    /** Who comes next; null when nobody does. */
    @Nullable
    Ticket first() {
        return first;
    }

    /** Takes out who comes next; null when nobody does. */
    public @Nullable Ticket poll() {
        Ticket taken = first;
        if (taken != null) {
            first = taken.next;
            taken.next = null;
            if (first == null) {
                last = null;
            }
        }
        return taken;
    }

    /** Takes out all that match, in their order. */
    public void withdraw(Predicate<Ticket> condition, Consumer<Ticket> out) {
        Ticket at = first;
        first = null;
        last = null;
        Line taken = new Line();
        while (at != null) {
            Ticket following = at.next;
            (condition.test(at) ? taken : this).add(at);
            at = following;
        }
        for (Ticket ticket = taken.poll(); ticket != null; ticket = taken.poll()) {
            out.accept(ticket);
        }
    }
}
