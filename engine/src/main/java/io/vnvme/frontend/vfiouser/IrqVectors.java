package io.vnvme.frontend.vfiouser;

import io.vnvme.os.EventFd;
import org.jspecify.annotations.Nullable;

/** The interrupts of one kind: for each an eventfd or none, a mask, and whether it is owed to the client. */
final class IrqVectors implements AutoCloseable {
    private final @Nullable EventFd[] triggers;
    private final boolean[] masked;
    private final boolean[] pending;
    private int armed;

    IrqVectors(int count) {
        triggers = new EventFd[count];
        masked = new boolean[count];
        pending = new boolean[count];
    }

    int count() {
        return triggers.length;
    }

    /** True when the client gave an eventfd for any of them. */
    boolean armed() {
        return armed > 0;
    }

    /** Takes ownership of {@code trigger}, or takes the vector's eventfd away; what is owed is paid now. */
    void arm(int vector, @Nullable EventFd trigger) {
        EventFd previous = triggers[vector];
        if (previous != null) {
            previous.close();
            armed--;
        }
        triggers[vector] = trigger;
        if (trigger != null) {
            armed++;
            pay(vector);
        }
    }

    /** Signals the client, or remembers to: a vector is without an eventfd for a moment when the client adds others. */
    void fire(int vector) {
        EventFd trigger = triggers[vector];
        if (trigger == null || masked[vector]) {
            pending[vector] = true;
        } else {
            trigger.signal();
        }
    }

    /** Signals the client whatever the mask says; nothing is remembered. */
    void signal(int vector) {
        EventFd trigger = triggers[vector];
        if (trigger != null) {
            trigger.signal();
        }
    }

    void mask(int vector) {
        masked[vector] = true;
    }

    void unmask(int vector) {
        masked[vector] = false;
        pay(vector);
    }

    boolean masked(int vector) {
        return masked[vector];
    }

    /** Forgets what is owed, and all masks. */
    void reset() {
        for (int i = 0; i < pending.length; i++) {
            pending[i] = false;
            masked[i] = false;
        }
    }

    /** Takes all eventfds away; what is owed stays owed. */
    void disarm() {
        for (int i = 0; i < triggers.length && armed > 0; i++) {
            arm(i, null);
        }
    }

    /** Up to 32 pending bits from {@code first} on. */
    int pendingBits(int first) {
        int bits = 0;
        for (int i = first; i < Math.min(first + Integer.SIZE, pending.length); i++) {
            bits |= pending[i] ? 1 << (i - first) : 0;
        }
        return bits;
    }

    @Override
    public void close() {
        disarm();
    }

    private void pay(int vector) {
        if (pending[vector] && !masked[vector] && triggers[vector] != null) {
            pending[vector] = false;
            fire(vector);
        }
    }
}
