package io.vnvme.frontend.vfiouser;

import io.vnvme.os.EventFd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** The interrupts of one kind: for each an eventfd or none, a mask, and whether it is owed to the client. */
final class IrqVectors implements AutoCloseable {
    private static final int PENDING = 1;
    private static final int MASKED = 2;

    private final @Nullable EventFd[] triggers;
    /** A byte for each. */
    private final MemorySegment states;

    private int armed;

    /** @param states a byte for each; what was found there stays */
    IrqVectors(MemorySegment states) {
        this.states = states;
        triggers = new EventFd[(int) states.byteSize()];
    }

    private boolean is(int vector, int bit) {
        return (states.get(ValueLayout.JAVA_BYTE, vector) & bit) != 0;
    }

    private void set(int vector, int bit, boolean value) {
        int others = states.get(ValueLayout.JAVA_BYTE, vector) & ~bit;
        states.set(ValueLayout.JAVA_BYTE, vector, (byte) (value ? others | bit : others));
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
        if (trigger == null || masked(vector)) {
            set(vector, PENDING, true);
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
        set(vector, MASKED, true);
    }

    void unmask(int vector) {
        set(vector, MASKED, false);
        pay(vector);
    }

    boolean masked(int vector) {
        return is(vector, MASKED);
    }

    /** Which are owed: a byte for each, 1 when it is. */
    MemorySegment owed() {
        byte[] owed = new byte[count()];
        for (int vector = 0; vector < owed.length; vector++) {
            owed[vector] = (byte) (is(vector, PENDING) ? 1 : 0);
        }
        return MemorySegment.ofArray(owed);
    }

    /** Those are owed too, and paid where they can be. */
    void owe(MemorySegment owed) {
        for (int vector = 0; vector < count(); vector++) {
            if (owed.get(ValueLayout.JAVA_BYTE, vector) != 0) {
                set(vector, PENDING, true);
                pay(vector);
            }
        }
    }

    /** Forgets what is owed, and all masks. */
    void reset() {
        states.fill((byte) 0);
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
        for (int i = first; i < Math.min(first + Integer.SIZE, count()); i++) {
            bits |= is(i, PENDING) ? 1 << (i - first) : 0;
        }
        return bits;
    }

    @Override
    public void close() {
        disarm();
    }

    private void pay(int vector) {
        if (is(vector, PENDING) && !masked(vector) && triggers[vector] != null) {
            set(vector, PENDING, false);
            fire(vector);
        }
    }
}
