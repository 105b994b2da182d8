package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The QEMU that a VM moves away from. Used by one thread at a time. */
public final class MoveSource implements AutoCloseable {
    /** A migration that is over, one way or another. */
    static final List<String> OVER = List.of("", "none", "completed", "cancelled", "failed");

    private static final String PRE_SWITCHOVER = "pre-switchover";
    /** So little is to be left of the VM's memory when it stops: its drives come on top. */
    private static final long DOWNTIME_LIMIT_MS = 60;
    /** After that time it may be as much as QEMU was told by others: a guest that writes much would never stop. */
    private static final Duration STRICT = Duration.ofSeconds(30);

    private static final Duration END_LIMIT = Duration.ofSeconds(30);

    private final MovingVm vm;
    private boolean wasRunning;
    /** What it does by itself; null as long as we have not changed it. */
    private @Nullable Boolean paused;
    /** What it takes for little by itself, in ms; null as long as we have not changed it. */
    private @Nullable Long downtimeLimitMs;

    private long startNs;
    /** Whether there may be a migration that we began. */
    private boolean begun;

    MoveSource(HeldMonitor monitor) {
        vm = new MovingVm(monitor, "source");
    }

    public static MoveSource connect(VmAddress.Socket address) {
        return new MoveSource(Qmp.connect(address.path()));
    }

    /**
     * Looks whether the VM can move, and changes nothing.
     *
     * @return its vfio-user devices by their ids, with vendor and device as their configuration spaces begin
     * @throws ProblemException when it cannot, and why
     */
    public SortedMap<String, Integer> examine() {
        vm.checkTried();
        String status = vm.status();
        wasRunning = status.equals("running");
        if (!wasRunning && !status.equals("paused")) {
            throw new ProblemException(
                    ProblemCode.VM_NOT_RUNNING, "the VM does not run, and is not paused, but %s".formatted(status));
        }
        String state = MovingVm.state(vm.migration());
        if (!OVER.contains(state)) {
            throw new ProblemException(ProblemCode.VM_MIGRATING, "the VM is being migrated (%s)".formatted(state));
        }
        SortedMap<String, Integer> devices = vm.devices();
        Object buses = vm.execute("query-pci", Map.of());
        // One that the guest has given no bus to is found before the VM stands still.
        devices.keySet().forEach(id -> PciAddress.of(buses, id));
        return devices;
    }

    /** The same, and prepares QEMU for it. */
    public SortedMap<String, Integer> prepare() {
        SortedMap<String, Integer> devices = examine();
        paused = vm.pausesBeforeSwitchover();
        vm.pauseBeforeSwitchover(true);
        downtimeLimitMs = vm.downtimeLimitMs();
        vm.downtimeLimit(Math.min(downtimeLimitMs, DOWNTIME_LIMIT_MS));
        return devices;
    }

    /** Whether the VM ran when it was {@link #prepare prepared}; else it is paused, and so it will be elsewhere. */
    public boolean wasRunning() {
        return wasRunning;
    }

    /** @param channel where the destination listens, as QEMU writes it: {@code unix:PATH}, {@code tcp:HOST:PORT} */
    public void start(String channel) {
        begun = true;
        startNs = System.nanoTime();
        try {
            vm.execute("migrate", Map.of("uri", channel));
        } catch (ProblemException e) {
            // What is not answered may have begun. What is refused has not; somebody else's may be why.
            begun = e.code() != ProblemCode.VM_REFUSED;
            throw e;
        }
    }

    /** How far it is, and whether the VM {@link #stopped stands still}. */
    public record Look(MoveProgress progress, boolean stopped) {}

    /** @throws ProblemException when the migration has failed, or somebody else has cancelled it */
    public Look look() {
        Map<?, ?> migration = vm.migration();
        checkNotOver(migration);
        if (System.nanoTime() - startNs > STRICT.toNanos()) {
            putBackLimit();
        }
        return new Look(MoveProgress.of(migration), MovingVm.state(migration).equals(PRE_SWITCHOVER));
    }

    private void checkNotOver(Map<?, ?> migration) {
        String state = MovingVm.state(migration);
        if (!state.equals("completed") && OVER.contains(state)) {
            Object why = migration.get("error-desc");
            throw vm.refused("has ended the migration: %s%s".formatted(state, why == null ? "" : ": " + why));
        }
    }

    /** What QEMU keeps of the devices; the VM stands still. */
    public Map<String, PciImage> images(List<String> deviceIds) {
        Map<String, PciImage> images = new TreeMap<>();
        try (StoppedPci pci = StoppedPci.open(vm.monitor())) {
            deviceIds.forEach(id -> images.put(id, PciImage.read(pci, id)));
        }
        return images;
    }

    /** The rest of memory and all devices go over. @throws ProblemException when they do not */
    public void handOver(Duration limit) {
        vm.execute("migrate-continue", Map.of("state", PRE_SWITCHOVER));
        vm.await("done with the migration", limit, migration -> {
            checkNotOver(migration);
            return MovingVm.state(migration).equals("completed");
        });
    }

    /** Ends the migration that we began, if we did. QEMU lets the VM go on by itself unless all was sent. */
    void cancel() {
        if (begun && !OVER.contains(MovingVm.state(vm.migration()))) {
            vm.execute("migrate_cancel", Map.of());
            vm.await("done with the migration that was cancelled", END_LIMIT, m -> OVER.contains(MovingVm.state(m)));
        }
    }

    /** Makes the next migration what it would have been without us: somebody else's would wait for good. */
    void putBack() {
        putBackLimit();
        if (paused != null) {
            vm.pauseBeforeSwitchover(paused);
        }
    }

    private void putBackLimit() {
        Long before = downtimeLimitMs;
        if (before != null) {
            vm.downtimeLimit(before);
            downtimeLimitMs = null;
        }
    }

    /** The VM goes on here, if it ran before and we have stopped it. */
    void goOn() {
        if (begun && wasRunning && !vm.status().equals("running")) {
            vm.execute("cont", Map.of());
        }
    }

    /** Ends QEMU: the VM is elsewhere. @throws ProblemException when it has not ended */
    public void quit() {
        if (!vm.quit()) {
            throw vm.refused("does not end: end its process");
        }
    }

    @Override
    public void close() {
        vm.monitor().close();
    }
}
