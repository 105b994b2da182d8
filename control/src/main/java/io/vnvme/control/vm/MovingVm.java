package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/** What both ends of a move ask their QEMU. */
final class MovingVm {
    private static final String NAMED = "/machine/peripheral";
    private static final String DRIVER = "vfio-user-pci";
    /** The only machine with which moves were tried: QEMU calls it with its version between. */
    private static final String MACHINE = "pc-q35-";
    /** What QEMU shows of a vendor or device whose server has told none. */
    private static final int NOBODY = 0xffff;

    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);
    /** QEMU ends in much less. One that has not by then hangs, and a guest may wait for this. */
    private static final Duration END_LIMIT = Duration.ofSeconds(10);

    private static final String PAUSE = "pause-before-switchover";

    private final HeldMonitor monitor;
    /** Which end it is, for messages. */
    private final String end;

    MovingVm(HeldMonitor monitor, String end) {
        this.monitor = monitor;
        this.end = end;
    }

    HeldMonitor monitor() {
        return monitor;
    }

    /** @throws ProblemException of {@link ProblemCode#VM_REFUSED} with QEMU's own words when it refuses */
    Object execute(String command, Map<String, ?> arguments) {
        try {
            return monitor.execute(command, arguments);
        } catch (QmpException e) {
            throw refused("refused %s: %s".formatted(command, e.description()), e);
        }
    }

    ProblemException refused(String words) {
        return new ProblemException(ProblemCode.VM_REFUSED, "QEMU at the %s %s".formatted(end, words));
    }

    private ProblemException refused(String words, Exception cause) {
        return new ProblemException(ProblemCode.VM_REFUSED, "QEMU at the %s %s".formatted(end, words), cause);
    }

    /** @throws ProblemException when moves were not tried with such a QEMU, or such a machine */
    void checkTried() {
        QemuVersion version = monitor.version();
        if (!version.movesVnvmes()) {
            throw new ProblemException(
                    ProblemCode.VM_TOO_OLD,
                    "QEMU at the %s is %s: VMs with vNVMes move with %s alone, which was tested; detach, then migrate"
                            .formatted(end, version, QemuVersion.thatMoveVnvmes()));
        }
        Object machine = property("/machine", "type");
        if (!String.valueOf(machine).startsWith(MACHINE)) {
            throw refused(
                    "has the machine %s: VMs with vNVMes move with q35 alone, which was tested; detach, then migrate"
                            .formatted(machine));
        }
    }

    private Object property(String path, String name) {
        return execute("qom-get", Map.of("path", path, "property", name));
    }

    /** Of the machine: {@code running}, {@code paused}, {@code inmigrate} ... */
    String status() {
        return text(execute("query-status", Map.of()), "status");
    }

    /** What there is to know of the migration, and its state as {@code status}. */
    Map<?, ?> migration() {
        return execute("query-migrate", Map.of()) instanceof Map<?, ?> map ? map : Map.of();
    }

    static String state(Map<?, ?> migration) {
        return text(migration, "status");
    }

    /** Where it listens for a migration by TCP: {@code HOST:PORT}. */
    String listensAt() {
        Object addresses = migration().get("socket-address");
        if (addresses instanceof List<?> list
                && !list.isEmpty()
                && list.getFirst() instanceof Map<?, ?> address
                && address.get("port") instanceof String port) {
            return address.get("host") + ":" + port;
        }
        throw refused("does not say where it listens for the VM: " + addresses);
    }

    /** Whether QEMU is to stop when all but the last of the memory has been copied, until it is told to go on. */
    boolean pausesBeforeSwitchover() {
        return execute("query-migrate-capabilities", Map.of()) instanceof List<?> list
                && list.stream()
                        .anyMatch(each -> text(each, "capability").equals(PAUSE)
                                && each instanceof Map<?, ?> map
                                && Boolean.TRUE.equals(map.get("state")));
    }

    /** Sets that. */
    void pauseBeforeSwitchover(boolean wanted) {
        execute(
                "migrate-set-capabilities",
                Map.of("capabilities", List.of(Map.of("capability", PAUSE, "state", wanted))));
    }

    /** For how long QEMU means the VM to stand still for the last of its memory, in ms: it begins with that when it could be done in that time. */
    long downtimeLimitMs() {
        if (execute("query-migrate-parameters", Map.of()) instanceof Map<?, ?> parameters
                && parameters.get("downtime-limit") instanceof Number limit) {
            return limit.longValue();
        }
        throw refused("does not tell its downtime-limit");
    }

    /** Sets that. */
    void downtimeLimit(long ms) {
        execute("migrate-set-parameters", Map.of("downtime-limit", ms));
    }

    /**
     * The vfio-user devices by their ids, in order, with what their configuration spaces begin with: QEMU has read that
     * when it connected.
     *
     * @throws ProblemException when one has no id and could not be found again, or no drive is behind it
     */
    SortedMap<String, Integer> devices() {
        if (!children("/machine/peripheral-anon").isEmpty()) {
            throw refused("has a " + DRIVER + " without an id: give it one (id=...)");
        }
        SortedMap<String, Integer> devices = new TreeMap<>();
        children(NAMED).forEach(id -> devices.put(id, identity(id)));
        return devices;
    }

    private int identity(String id) {
        int vendor = number(id, "x-pci-vendor-id");
        if ((vendor & NOBODY) == NOBODY) {
            throw refused("shows no drive behind " + id);
        }
        return vendor | number(id, "x-pci-device-id") << 16;
    }

    private int number(String id, String name) {
        if (property(NAMED + "/" + id, name) instanceof Number number) {
            return number.intValue();
        }
        throw refused("does not tell %s of %s".formatted(name, id));
    }

    private List<String> children(String path) {
        return execute("qom-list", Map.of("path", path)) instanceof List<?> list
                ? list.stream()
                        .filter(each -> text(each, "type").equals("child<" + DRIVER + ">"))
                        .map(each -> text(each, "name"))
                        .toList()
                : List.of();
    }

    private static String text(Object map, String key) {
        return map instanceof Map<?, ?> found && found.get(key) instanceof String value ? value : "";
    }

    /**
     * Ends QEMU, if it has not ended by itself, and waits until it has.
     *
     * @return false when it has not, and is silent or hangs
     * @throws ProblemException when it refuses to
     */
    boolean quit() {
        try {
            execute("quit", Map.of());
        } catch (ProblemException e) {
            // Whether it has gone or hangs the connection tells.
            if (e.code() != ProblemCode.VM_UNREACHABLE) {
                throw e;
            }
        }
        return monitor.awaitEnd(END_LIMIT);
    }

    /**
     * Looks at the migration until it is as wanted.
     *
     * @throws ProblemException when it is not in time
     */
    Map<?, ?> await(String what, Duration limit, Predicate<Map<?, ?>> wanted) {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        while (true) {
            Map<?, ?> migration = migration();
            if (wanted.test(migration)) {
                return migration;
            }
            if (System.nanoTime() - deadlineNs >= 0) {
                throw refused("is not %s after %d s, but %s".formatted(what, limit.toSeconds(), state(migration)));
            }
            pause();
        }
    }

    static void pause() {
        try {
            Thread.sleep(LOOK_AGAIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ProblemCode.INTERNAL, "interrupted while a VM moves", e);
        }
    }
}
