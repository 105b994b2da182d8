package io.vnvme.frontend.vfiouser;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.frontend.vfiouser.DeviceMigration.Owner;
import io.vnvme.memory.DmaLog;
import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.os.PeerCredentials;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The device of one client, for whoever moves a VM whose monitor knows nothing of it: from the source, whose guest it is taken
 * from, to the device that a paused VM has at the destination.
 *
 * <p>At the source: {@link #startLog}; while the monitor copies the guest's memory, {@link #takeWritten} in rounds; with the VM
 * paused {@link #freeze}, {@link #takeWritten} until there is nothing, {@link #state}; in the end the VM goes, or {@link #thaw}.
 * At the destination, in any order with what its monitor replays of the configuration space and sets of interrupts:
 * {@link #writePages}, {@link #load}; then {@link #thaw} and {@link #raiseAll}, before the VM goes on.
 *
 * <p>What a stopped device has written is with its volume and maybe not durable: whoever gives the volume to another host closes
 * its pool here first.
 *
 * <p>From any thread that is no reactor's. What throws {@link IllegalStateException} has changed nothing.
 */
public final class MovingDevice {
    /** Pages of one call: a MiB, copied between two looks at other work. */
    public static final int PAGES_MAX = 256;
    /** How often a wait looks whether there is still somebody to wait for. */
    private static final long LOOK_MS = 100;

    final Connection connection;

    MovingDevice(Connection connection) {
        this.connection = connection;
    }

    /**
     * Pages that the device has written.
     *
     * @param addresses of their first bytes in the guest
     * @param bytes their contents, {@link DmaLog#PAGE_BYTES} each
     * @param absent further ones that the client has taken the memory of away, which stay noted: it gives it back after a moment,
     *     or the guest has a virtual IOMMU, whose addresses mean nothing elsewhere
     */
    public record Pages(List<Long> addresses, MemorySegment bytes, int absent) {}

    /** Who the client is. */
    public PeerCredentials peer() {
        return connection.peer();
    }

    /** Notes the pages that the device writes from now on. @throws IllegalStateException when they are noted already */
    public void startLog() {
        onReactor(() -> {
            if (log().on()) {
                throw new IllegalStateException("writes are logged already");
            }
            log().start(DeviceMigration.Owner.DAEMON);
            return true;
        });
    }

    /** Ends that; no error when it has not begun. What the client had noted goes on. */
    public void stopLog() {
        onReactor(() -> {
            if (logging()) {
                log().stop();
            }
            return true;
        });
    }

    /**
     * Takes pages that were written and not taken since: with what is in them now. Pages that only messages reach are left out:
     * the client has written them itself.
     *
     * @param pagesMax 1 to {@link #PAGES_MAX}
     * @return at most so many; none when there are no more. A guest can move when the last round leaves none absent
     * @throws IllegalStateException when the log is off, as after another process took over, or more was written than it notes:
     *     then all memory has to be copied
     */
    public Pages takeWritten(int pagesMax) {
        int max = Math.clamp(pagesMax, 1, PAGES_MAX);
        Taking taking = new Taking(max);
        boolean whole = false;
        try {
            while (taking.wantsMore()) {
                onReactor(taking::take);
            }
            whole = true;
        } finally {
            taking.noteAgain(whole);
        }
        MemorySegment bytes = taking.bytes.asSlice(0, (long) taking.found.size() * DmaLog.PAGE_BYTES);
        return new Pages(taking.found, bytes, taking.absent.size());
    }

    /** A call of {@link #takeWritten}. The reactor takes so many pages at a time that others have their turn, whatever they are. */
    final class Taking {
        private static final int ABSENT_MAX = 1 << 16;

        private final int max;
        private final MemorySegment bytes;
        private final List<Long> found = new ArrayList<>();
        private final List<Long> absent = new ArrayList<>();
        private boolean more = true;

        Taking(int max) {
            this.max = max;
            bytes = MemorySegment.ofArray(new byte[max * DmaLog.PAGE_BYTES]);
        }

        boolean wantsMore() {
            return more && found.size() < max && absent.size() < ABSENT_MAX;
        }

        boolean take() {
            if (!logging() || log().overflowed()) {
                throw new IllegalStateException(logging() ? "more was written than is noted" : "writes are not logged");
            }
            List<Long> taken = new ArrayList<>();
            more = log().take(0, -1, max - found.size(), taken::add) > 0;
            int looked = 0;
            try {
                for (; looked < taken.size(); looked++) {
                    long page = taken.get(looked);
                    if (copy(page, bytes, found.size(), false)) {
                        found.add(page);
                    } else if (!connection.memory().overlaps(page, DmaLog.PAGE_BYTES)) {
                        absent.add(page);
                    }
                }
            } finally {
                absent.addAll(taken.subList(looked, taken.size()));
            }
            return true;
        }

        /** @param whole whether those that were found are handed on */
        void noteAgain(boolean whole) {
            onReactor(() -> {
                absent.forEach(page -> log().add(page, 1));
                if (!whole) {
                    found.forEach(page -> log().add(page, 1));
                }
                return true;
            });
        }
    }

    /**
     * Stores pages in the guest's memory.
     *
     * @throws IllegalStateException when the client has given no memory for one of them; those before it are stored
     */
    public void writePages(Pages pages) {
        onReactor(() -> {
            for (int i = 0; i < pages.addresses().size(); i++) {
                long page = pages.addresses().get(i);
                if (!copy(page, pages.bytes(), i, true)) {
                    throw new IllegalStateException("no memory at 0x%x".formatted(page));
                }
            }
            return true;
        });
    }

    /**
     * Copies a page as far as there is memory.
     *
     * @return false when there is none
     * @throws IllegalStateException when the client has taken it away: its connection is ended for that
     */
    private boolean copy(long page, MemorySegment bytes, int index, boolean toGuest) {
        try {
            return copyThere(page, bytes, index, toGuest);
        } catch (InternalError fault) {
            connection.memoryFault();
            throw new IllegalStateException("the memory at 0x%x was taken away".formatted(page), fault);
        }
    }

    private boolean copyThere(long page, MemorySegment bytes, int index, boolean toGuest) {
        GuestMemory memory = connection.memory();
        boolean any = false;
        for (int done = 0; done < DmaLog.PAGE_BYTES; ) {
            Region region = memory.find(page + done);
            MemorySegment segment = region == null ? null : region.segment();
            if (region == null || segment == null || toGuest && !region.writable()) {
                // Regions begin and end at whole pages, nearly always.
                done++;
                continue;
            }
            int part = (int) Math.min(DmaLog.PAGE_BYTES - done, region.bytesFrom(page + done));
            MemorySegment guest = segment.asSlice(page + done - region.iova(), part);
            MemorySegment own = bytes.asSlice((long) index * DmaLog.PAGE_BYTES + done, part);
            (toGuest ? guest : own).copyFrom(toGuest ? own : guest);
            done += part;
            any = true;
        }
        return any;
    }

    /**
     * Stops the device: what is in flight ends first, within {@code limit}. What has not begun its work by then, or waits for
     * an event, goes with the state. It stays stopped when another process takes over.
     *
     * @return false when a drive still works for it at the limit: the device has gone on
     * @throws IllegalStateException when it is stopped already, or the reactor has ended
     */
    public boolean freeze(Duration limit) {
        CompletableFuture<Boolean> stopped = beginFreeze(limit);
        while (true) {
            Optional<Boolean> answer = stopped.thenApply(Optional::of)
                    .completeOnTimeout(Optional.empty(), LOOK_MS, TimeUnit.MILLISECONDS)
                    .join();
            if (answer.isPresent()) {
                return answer.get();
            }
            // There may be no reactor any more.
            onReactor(() -> true);
        }
    }

    CompletableFuture<Boolean> beginFreeze(Duration limit) {
        CompletableFuture<Boolean> stopped = new CompletableFuture<>();
        onReactor(() -> {
            connection.migration().stop(Owner.DAEMON, limit.toNanos(), stopped::complete);
            return true;
        });
        return stopped;
    }

    /** True from {@link #freeze} or {@link #load} to {@link #thaw}. */
    public boolean frozen() {
        return onReactor(() -> connection.migration().stoppedBy(Owner.DAEMON));
    }

    /**
     * The stopped device, as docs/formats/device-state.md has it.
     *
     * @throws IllegalStateException when it is not stopped by {@link #freeze} or {@link #load}, or its client does not cease to send
     */
    public byte[] state() {
        return onReactor(() -> {
            if (!connection.heardAll()) {
                throw new IllegalStateException("the client is sending, or takes no replies");
            }
            return connection.migration().save(Owner.DAEMON);
        });
    }

    /**
     * Becomes what {@code state} tells of, and is stopped then.
     *
     * @throws DeviceStateException when it cannot, and why: it is as it was
     * @throws IllegalStateException when the guest here has enabled the controller already, be it frozen or not
     */
    public void load(byte[] state) {
        onReactor(() -> {
            connection.migration().take(state);
            return true;
        });
    }

    /** Goes on where it was stopped. @throws IllegalStateException when it is not stopped by {@link #freeze} or {@link #load} */
    public void thaw() {
        onReactor(() -> {
            connection.migration().run(Owner.DAEMON);
            return true;
        });
    }

    /** Raises all interrupts once: what was raised before the move, and not seen, is seen now. */
    public void raiseAll() {
        onReactor(() -> {
            connection.irqs().raiseAll();
            return true;
        });
    }

    private boolean logging() {
        return log().isFor(DeviceMigration.Owner.DAEMON);
    }

    private DmaLog log() {
        return connection.memory().log();
    }

    private <T> T onReactor(Supplier<T> command) {
        try {
            return connection.home().call(command::get);
        } catch (CompletionException e) {
            if (e.getCause() instanceof DeviceStateException refused) {
                throw new DeviceStateException(String.valueOf(refused.getMessage()));
            }
            throw new IllegalStateException(
                    e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), e);
        }
    }
}
