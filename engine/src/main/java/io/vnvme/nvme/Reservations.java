package io.vnvme.nvme;

import io.vnvme.nvme.wire.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The reservation of a namespace (NVM Express Base 2.0, 8.19): who is registered, who holds it, what others may do.
 *
 * <p>Where a host has not asked for more, nothing outlives a power loss, and taking the last controller away counts as one: the
 * next guest finds a namespace that nobody has reserved. The end of this process does not count as one where another goes on
 * with its controllers: {@link ReservationMemory} has all of it.
 */
public final class Reservations {
    /** Most that {@link ReservationKeeper#keep} is given. */
    public static final int IMAGE_BYTES_MAX = ReservationImage.bytes(Reservations.PERSISTENT_MAX);

    static final int NONE = 0;
    static final int WRITE_EXCLUSIVE = 1;
    static final int EXCLUSIVE_ACCESS = 2;
    static final int WRITE_EXCLUSIVE_REGISTRANTS = 3;
    static final int EXCLUSIVE_ACCESS_REGISTRANTS = 4;
    static final int WRITE_EXCLUSIVE_ALL = 5;
    static final int EXCLUSIVE_ACCESS_ALL = 6;

    /** Registrants that a namespace takes; one more is refused. */
    static final int REGISTRANTS_MAX = 128;
    /** The same while they outlive a power loss: what there is room for beside all else that a pool keeps with a volume. */
    static final int PERSISTENT_MAX = 32;

    /** A host by its identifier; one without an identifier is known by its controller. */
    record Host(long low, long high) {
        static Host of(Controller controller) {
            return controller.features().host();
        }

        /** The host of a controller that set no identifier. */
        static Host unnamed(Controller controller) {
            return new Host(controller.controllerId(), -1);
        }

        boolean isUnnamed() {
            return high == -1;
        }
    }

    /** One registration. */
    record Registrant(Host host, long key) {}

    private final Namespace namespace;
    private final List<Registrant> registrants = new ArrayList<>();
    private final Map<Controller, Integer> masks = new HashMap<>();
    private @Nullable Host holder;
    private int type = NONE;
    private int generation;
    private boolean persistent;
    /** What is kept is not this any more. */
    private boolean changed;
    /** Where another process finds them; null when none goes on with what this one serves. */
    private @Nullable ReservationMemory memory;

    private ReservationMemory.@Nullable Cause cause;

    Reservations(Namespace namespace) {
        this.namespace = namespace;
    }

    /** PTPL: whether all this outlives a power loss. */
    boolean persistent() {
        return persistent;
    }

    /** Whether there is room to keep what there is. */
    boolean canPersist() {
        return lasting().size() <= PERSISTENT_MAX;
    }

    /** @return {@link #canPersist}, when that is wanted; else nothing has changed */
    boolean persistent(boolean wanted) {
        if (wanted && !canPersist()) {
            return false;
        }
        changed |= wanted != persistent;
        persistent = wanted;
        return true;
    }

    /** Whether one more registrant could be kept. */
    boolean hasRoomToPersist() {
        return lasting().size() < PERSISTENT_MAX;
    }

    /** True once after something changed that has to be kept, or given up. */
    boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    /** What was taken as changed could not be kept: the next command, maybe the same again, has to try. */
    void unkept() {
        changed = true;
    }

    /** What is to be kept; nothing when a power loss ends it all. */
    byte[] image() {
        if (!persistent) {
            return new byte[0];
        }
        return image(lasting());
    }

    private byte[] image(List<Registrant> kept) {
        int index = kept.stream().map(Registrant::host).toList().indexOf(holder);
        boolean held = allRegistrants(type) ? !kept.isEmpty() : index >= 0;
        int who = held && index >= 0 ? index : ReservationImage.NOBODY;
        return new ReservationImage(held ? type : NONE, generation, who, kept).encode();
    }

    /** After a power loss: what was kept is so again. @throws IllegalArgumentException when it cannot be read */
    void restore(byte[] image) {
        restore(ReservationImage.decode(image, PERSISTENT_MAX));
        persistent = true;
    }

    private void restore(ReservationImage kept) {
        registrants.clear();
        registrants.addAll(kept.registrants());
        type = kept.type();
        generation = kept.generation();
        holder = kept.holder() == ReservationImage.NOBODY
                ? null
                : kept.registrants().get(kept.holder()).host();
    }

    /**
     * Goes on with what another process has left there, if it has, and leaves there what a next one goes on with.
     *
     * @param where null: nobody goes on from now on
     * @throws IllegalArgumentException when it cannot be read
     */
    void remember(@Nullable ReservationMemory where) {
        memory = where;
        ReservationMemory.Kept left = where == null ? null : where.last();
        if (left == null) {
            remember();
            return;
        }
        restore(ReservationImage.decode(left.image(), REGISTRANTS_MAX));
        persistent = left.persistent();
        cause = left.cause();
        // Whether it is on the media as well only the other process knew.
        changed = true;
    }

    /** All of them, for another host that goes on with the controllers: u8 1 when they outlive a power loss, else 0, and the image. */
    byte[] handOver() {
        byte[] image = image(registrants);
        return ByteBuffer.allocate(1 + image.length)
                .put((byte) (persistent ? 1 : 0))
                .put(image)
                .array();
    }

    /** They are what they were there, whatever they were here. @throws IllegalArgumentException when it cannot be read */
    void takeOver(byte[] handed) {
        boolean lasts = handed.length > 0 && handed[0] == 1;
        restore(ReservationImage.decode(
                Arrays.copyOfRange(handed, Math.min(1, handed.length), handed.length),
                lasts ? PERSISTENT_MAX : REGISTRANTS_MAX));
        persistent = lasts;
        changed = false;
        cause = null;
        remember();
    }

    /** The command that was made them what they are, and another process may have to begin it again. */
    void remember(ReservationMemory.Cause by) {
        cause = by;
        remember();
    }

    private void remember() {
        if (memory != null) {
            memory.keep(new ReservationMemory.Kept(image(registrants), persistent, cause));
        }
    }

    /** Whether that command, which is begun again, has done what it had to do. */
    boolean madeBy(ReservationMemory.Cause again) {
        return again.equals(cause);
    }

    /** Registrants whose host has an identifier: others are strangers after a power loss. */
    private List<Registrant> lasting() {
        return registrants.stream().filter(r -> !r.host().isUnnamed()).toList();
    }

    boolean held() {
        return type != NONE;
    }

    int type() {
        return type;
    }

    int generation() {
        return generation;
    }

    List<Registrant> registrants() {
        return registrants;
    }

    boolean conflictsWithRead(Controller controller) {
        return switch (type) {
            case EXCLUSIVE_ACCESS -> !holds(Host.of(controller));
            case EXCLUSIVE_ACCESS_REGISTRANTS, EXCLUSIVE_ACCESS_ALL -> find(Host.of(controller)) == null;
            default -> false;
        };
    }

    boolean conflictsWithWrite(Controller controller) {
        return switch (type) {
            case NONE -> false;
            case WRITE_EXCLUSIVE, EXCLUSIVE_ACCESS -> !holds(Host.of(controller));
            default -> find(Host.of(controller)) == null;
        };
    }

    boolean holds(Host host) {
        return type != NONE && (allRegistrants(type) ? find(host) != null : host.equals(holder));
    }

    private static boolean allRegistrants(int type) {
        return type == WRITE_EXCLUSIVE_ALL || type == EXCLUSIVE_ACCESS_ALL;
    }

    private @Nullable Registrant find(Host host) {
        // By index: this is on the way of every command to a reserved namespace.
        for (int i = 0; i < registrants.size(); i++) {
            if (registrants.get(i).host().equals(host)) {
                return registrants.get(i);
            }
        }
        return null;
    }

    /** True when the host is registered, and under this key. */
    private boolean registered(Host host, long key) {
        Registrant registrant = find(host);
        return registrant != null && registrant.key() == key;
    }

    int register(Controller controller, long key) {
        Host host = Host.of(controller);
        Registrant known = find(host);
        if (known != null) {
            if (known.key() != key) {
                return Status.RESERVATION_CONFLICT;
            }
            moved();
            return Status.SUCCESS;
        }
        boolean keepable = !persistent || host.isUnnamed() || hasRoomToPersist();
        if (registrants.size() == REGISTRANTS_MAX || !keepable) {
            return Status.RESERVATION_CONFLICT;
        }
        registrants.add(new Registrant(host, key));
        moved();
        return Status.SUCCESS;
    }

    int unregister(Controller controller, long key, boolean ignoreKey) {
        Host host = Host.of(controller);
        if (find(host) == null || (!ignoreKey && !registered(host, key))) {
            return Status.RESERVATION_CONFLICT;
        }
        remove(host);
        moved();
        return Status.SUCCESS;
    }

    int replace(Controller controller, long key, long newKey, boolean ignoreKey) {
        Host host = Host.of(controller);
        Registrant known = find(host);
        if (known == null || (!ignoreKey && known.key() != key)) {
            return Status.RESERVATION_CONFLICT;
        }
        registrants.set(registrants.indexOf(known), new Registrant(host, newKey));
        moved();
        return Status.SUCCESS;
    }

    /** Takes a registration away, and with it the reservation if it was this host's. */
    private void remove(Host host) {
        boolean held = holds(host);
        registrants.removeIf(registrant -> registrant.host().equals(host));
        if (held && (!allRegistrants(type) || registrants.isEmpty())) {
            release(host);
        }
    }

    int acquire(Controller controller, long key, int wanted) {
        Host host = Host.of(controller);
        if (!registered(host, key)) {
            return Status.RESERVATION_CONFLICT;
        }
        if (held()) {
            return holds(host) && type == wanted ? Status.SUCCESS : Status.RESERVATION_CONFLICT;
        }
        take(host, wanted);
        return Status.SUCCESS;
    }

    /** The set of registrants has another generation. */
    private void moved() {
        generation++;
        changed = true;
    }

    private void take(Host host, int wanted) {
        changed = true;
        type = wanted;
        holder = host;
    }

    int preempt(Controller controller, long key, long preempted, int wanted) {
        Host host = Host.of(controller);
        if (!registered(host, key)) {
            return Status.RESERVATION_CONFLICT;
        }
        boolean all = held() && allRegistrants(type);
        if (preempted == 0 && !all) {
            return Status.INVALID_FIELD;
        }
        Host owner = holder;
        boolean ofHolder = held() && !all && owner != null && registered(owner, preempted);
        boolean takesOver = ofHolder || (all && preempted == 0);
        boolean any = false;
        for (Iterator<Registrant> each = registrants.iterator(); each.hasNext(); ) {
            Registrant registrant = each.next();
            boolean meant = all && preempted == 0 || registrant.key() == preempted;
            boolean self = registrant.host().equals(host);
            any |= meant;
            // Who takes the reservation over stays registered, whatever its key; otherwise a key means all that have
            // it.
            if (meant && !(self && takesOver)) {
                each.remove();
                if (!self) {
                    notify(registrant.host(), ReservationLog.REGISTRATION_PREEMPTED);
                }
            }
        }
        if (!any) {
            return Status.RESERVATION_CONFLICT;
        }
        int before = type;
        if (takesOver) {
            take(host, wanted);
            if (before != wanted && !all) {
                notifyOthers(host, ReservationLog.RESERVATION_RELEASED);
            }
        } else if (all && registrants.isEmpty()) {
            release(host);
        }
        moved();
        return Status.SUCCESS;
    }

    int release(Controller controller, long key, int named, boolean ignoreKey) {
        Host host = Host.of(controller);
        if (find(host) == null || (!ignoreKey && !registered(host, key))) {
            return Status.RESERVATION_CONFLICT;
        }
        if (!holds(host)) {
            return Status.SUCCESS;
        }
        if (named != type) {
            return Status.INVALID_FIELD;
        }
        release(host);
        return Status.SUCCESS;
    }

    private void release(Host host) {
        changed = true;
        boolean told = type != WRITE_EXCLUSIVE && type != EXCLUSIVE_ACCESS;
        type = NONE;
        holder = null;
        if (told) {
            notifyOthers(host, ReservationLog.RESERVATION_RELEASED);
        }
    }

    int clear(Controller controller, long key, boolean ignoreKey) {
        Host host = Host.of(controller);
        if (find(host) == null || (!ignoreKey && !registered(host, key))) {
            return Status.RESERVATION_CONFLICT;
        }
        notifyOthers(host, ReservationLog.RESERVATION_PREEMPTED);
        registrants.clear();
        type = NONE;
        holder = null;
        moved();
        return Status.SUCCESS;
    }

    private void notifyOthers(Host host, int notice) {
        for (Registrant registrant : registrants) {
            if (!registrant.host().equals(host)) {
                notify(registrant.host(), notice);
            }
        }
    }

    /** Tells a host by all controllers through which it reaches the namespace. */
    private void notify(Host host, int notice) {
        for (Controller controller : namespace.controllers()) {
            boolean masked = (masks.getOrDefault(controller, 0) & 1 << notice) != 0;
            if (!masked && Host.of(controller).equals(host)) {
                controller.reservationLog().add(notice, namespace.nsid());
            }
        }
    }

    /** Reservation Notification Mask (feature 82h) of one controller. */
    int notificationMask(Controller controller) {
        return masks.getOrDefault(controller, 0);
    }

    void notificationMask(Controller controller, int mask) {
        masks.put(controller, mask & 0xe);
    }

    /**
     * A controller was reset. The next host without an identifier is another one (Base 2.0, 5.27.1.25), so what this
     * one had does not outlive it.
     */
    void controllerReset(Controller controller) {
        masks.remove(controller);
        Host host = Host.unnamed(controller);
        if (find(host) != null) {
            remove(host);
            moved();
        }
        if (cause != null && cause.controllerId() == controller.controllerId()) {
            // Its queues begin to count anew.
            cause = null;
        }
        remember();
    }

    /** Forgets a controller that was detached; with the last one goes everything. */
    void forget(Controller controller) {
        controllerReset(controller);
        if (namespace.controllers().isEmpty() && !persistent) {
            registrants.clear();
            type = NONE;
            holder = null;
            remember();
        }
    }
}
