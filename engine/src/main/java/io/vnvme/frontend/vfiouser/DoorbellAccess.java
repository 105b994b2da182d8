package io.vnvme.frontend.vfiouser;

import java.util.Locale;

/** Whether a client maps the page of doorbells into its guest, which is settled when it asks what can be mapped. */
public enum DoorbellAccess {
    /**
     * A doorbell is a store to memory. Nothing can wake a sleeping reactor then: it looks now and then. What polled clients
     * need, and what is best for guests without shadow doorbells that are never quiet for long.
     */
    MAPPED,
    /**
     * A doorbell is a message, which wakes the reactor. Guests with shadow doorbells send one only to a reactor that sleeps;
     * others send one with each command.
     */
    TRAPPED,
    /** {@link #TRAPPED} for VM monitors, {@link #MAPPED} for all others. */
    AUTO;

    /** @throws IllegalArgumentException when {@code word} is not mapped, trapped or auto */
    public static DoorbellAccess of(String word) {
        for (DoorbellAccess access : values()) {
            if (access.word().equals(word)) {
                return access;
            }
        }
        throw new IllegalArgumentException("doorbells %s: they are mapped, trapped or auto".formatted(word));
    }

    /** As people write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** A VM monitor says in VERSION that it gathers register writes; no polled client has any to gather. */
    boolean traps(Capabilities capabilities) {
        return switch (this) {
            case MAPPED -> false;
            case TRAPPED -> true;
            case AUTO -> capabilities.writeMultiple();
        };
    }
}
