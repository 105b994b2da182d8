package io.vnvme.nvme;

import io.vnvme.qos.Share;
import io.vnvme.qos.WaitCause;
import io.vnvme.reactor.WaitMeter;
import io.vnvme.telemetry.CommandMeter;
import io.vnvme.volume.Volume;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A volume as a host sees it: logical blocks under a namespace identifier.
 *
 * <p>Belongs to the reactor of the controllers it is attached to; {@link #controllers} may be read by anyone.
 */
public final class Namespace {
    /** With work of the namespace's for so long without ending any, the drives are slow. */
    static final long STALL_NS = 10_000_000;

    private final int nsid;
    private final NamespaceIdentity identity;
    private Volume volume;
    private volatile String name = "";
    private final int blockShift;
    private final @Nullable Share share;
    private final boolean readOnly;
    private final List<Controller> controllers = new CopyOnWriteArrayList<>();
    private final Reservations reservations = new Reservations(this);
    private final RangeLock rangeLock = new RangeLock(this);
    private @Nullable ReservationKeeper keeper;
    private final IoCounters counters = new IoCounters();
    private final CommandMeter commands = new CommandMeter();
    private final WaitMeter stalls = new WaitMeter();
    private int pendingWork;

    /**
     * @param nsid 1 to {@link ActiveNamespaces#NSID_MAX}
     * @param blockSizeBytes 512 or 4096, at least the volume's own
     * @throws IllegalArgumentException when one of them is not so, or the volume has no whole number of blocks
     */
    public Namespace(int nsid, NamespaceIdentity identity, Volume volume, int blockSizeBytes, boolean readOnly) {
        this(nsid, identity, volume, blockSizeBytes, readOnly, null);
    }

    /**
     * The same with a share of its reactor: limits and a weight.
     *
     * @param share of the scheduler that its controllers' turns are of; null for none: nothing ever waits
     */
    public Namespace(
            int nsid,
            NamespaceIdentity identity,
            Volume volume,
            int blockSizeBytes,
            boolean readOnly,
            @Nullable Share share) {
        if (nsid < 1 || nsid > ActiveNamespaces.NSID_MAX) {
            throw new IllegalArgumentException("namespace identifier " + nsid);
        }
        if ((blockSizeBytes != 512 && blockSizeBytes != 4096)
                || blockSizeBytes < volume.blockSizeBytes()
                || volume.sizeBytes() % blockSizeBytes != 0) {
            throw new IllegalArgumentException("block size %d for a volume of %d bytes in blocks of %d"
                    .formatted(blockSizeBytes, volume.sizeBytes(), volume.blockSizeBytes()));
        }
        this.nsid = nsid;
        this.identity = identity;
        this.volume = volume;
        this.blockShift = Integer.numberOfTrailingZeros(blockSizeBytes);
        this.readOnly = readOnly;
        this.share = share;
    }

    public int nsid() {
        return nsid;
    }

    public NamespaceIdentity identity() {
        return identity;
    }

    public Volume volume() {
        return volume;
    }

    /**
     * The volume was opened anew, as when its drives went away and came back, or is in another place: commands go there from
     * now on. On the reactor.
     *
     * @throws IllegalArgumentException when it has another size
     */
    public void volume(Volume reopened) {
        if (reopened.sizeBytes() != volume.sizeBytes()) {
            throw new IllegalArgumentException("a volume of %d bytes in the place of one of %d"
                    .formatted(reopened.sizeBytes(), volume.sizeBytes()));
        }
        volume = reopened;
    }

    /** Pieces of work that its volume was given and has not ended, of controllers too that have it no more. On the reactor. */
    public int pendingWork() {
        return pendingWork;
    }

    void workBegan() {
        pendingWork++;
    }

    void workEnded() {
        pendingWork--;
    }

    /** The name that people know its volume by; empty where nobody gave it one. */
    public String name() {
        return name;
    }

    /** @param newName ASCII */
    public void named(String newName) {
        name = newName;
    }

    public int blockShift() {
        return blockShift;
    }

    /** Size and capacity in logical blocks. */
    public long blockCount() {
        return volume.sizeBytes() >>> blockShift;
    }

    /** What it may do; null when nothing limits it. */
    public @Nullable Share share() {
        return share;
    }

    public boolean readOnly() {
        return readOnly;
    }

    /** Controllers that it is attached to. */
    public List<Controller> controllers() {
        return List.copyOf(controllers);
    }

    /** What hosts did with it since the daemon has it; read by any thread, a moment old. */
    public IoCounters counters() {
        return counters;
    }

    /** How many commands for it ended, and after how long; read by any thread. */
    public CommandMeter commands() {
        return commands;
    }

    /** How many of its commands, stalls for a slow drive, had to wait for that; read by any thread, a moment old. */
    public long waits(WaitCause cause) {
        return switch (cause) {
            case OWN_LIMIT, GROUP_LIMIT, FAIR_SHARE ->
                share == null ? 0 : share.limited().commands(cause);
            case POOL_SPACE -> volume.space().count();
            case SLOW_DRIVE -> stalls.count();
        };
    }

    /** For how long some had to, until {@code nowNs} of the reactor's clock, in nanoseconds. */
    public long waitNs(WaitCause cause, long nowNs) {
        return switch (cause) {
            case OWN_LIMIT, GROUP_LIMIT, FAIR_SHARE ->
                share == null ? 0 : share.limited().ns(cause);
            case POOL_SPACE -> volume.space().ns(nowNs);
            case SLOW_DRIVE -> stalls.ns(nowNs);
        };
    }

    /** Nothing ended for that long. Writes that waited for space were not with a drive. */
    void stalled(long stillNs, long nowNs) {
        long withDriveNs = stillNs - volume.space().lastSince(nowNs - stillNs, nowNs);
        if (withDriveNs >= STALL_NS) {
            stalls.lasted(withDriveNs);
        }
    }

    /**
     * Reservations may outlive a power loss from now on: before the first controller has it.
     *
     * @param kept what was kept last; nothing: none
     * @throws IllegalArgumentException when that cannot be read
     */
    public void keepReservations(ReservationKeeper where, byte[] kept) {
        if (kept.length > 0) {
            reservations.restore(kept);
        }
        keeper = where;
    }

    /**
     * Another process that goes on with the controllers finds the reservations there, and this one what another has left. Before the
     * first controller has it, and after the last one.
     *
     * @param where null: from now on nowhere
     * @throws IllegalArgumentException when that cannot be read
     */
    public void rememberReservations(@Nullable ReservationMemory where) {
        reservations.remember(where);
    }

    /** All reservations, those too that a power loss ends, for another host that goes on with the controllers. */
    public byte[] handOverReservations() {
        return reservations.handOver();
    }

    /**
     * They are here what they were at the host that the controllers come from.
     *
     * @param handed what {@link #handOverReservations} was there
     * @return what is to be kept of them for a power loss; nothing: all that was is given up
     * @throws IllegalArgumentException when it cannot be read
     */
    public byte[] takeOverReservations(byte[] handed) {
        reservations.takeOver(handed);
        return reservations.image();
    }

    /** Where reservations outlive a power loss; null when they do nowhere. */
    @Nullable
    ReservationKeeper keeper() {
        return keeper;
    }

    Reservations reservations() {
        return reservations;
    }

    RangeLock rangeLock() {
        return rangeLock;
    }

    void attached(Controller controller) {
        controllers.add(controller);
    }

    void detached(Controller controller) {
        controllers.remove(controller);
        reservations.forget(controller);
        rangeLock.detached(controller);
        if (share != null) {
            // Its commands that wait go on, and find that out.
            share.withdraw(
                    ticket -> ticket instanceof Request request && request.belongsTo(controller),
                    ticket -> controller.dispatcher().admission().admitted((Request) ticket));
        }
    }
}
