package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What both ends of a move ask their QEMU. */
final class MovingVm {
    private static final String DRIVER = "vfio-user-pci";
    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    private final Monitor monitor;
    /** Which end it is, for messages. */
    private final String end;

    MovingVm(Monitor monitor, String end) {
        this.monitor = monitor;
        this.end = end;
    }

    Monitor monitor() {
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

    void checkVersion() {
        QemuVersion version = monitor.version();
        if (!version.movesVnvmes()) {
            throw new ProblemException(
                    ProblemCode.VM_TOO_OLD,
                    "QEMU at the %s is %s: VMs with vNVMes move with %s alone, which was tested; detach, then migrate"
                            .formatted(end, version, QemuVersion.thatMoveVnvmes()));
        }
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

    /** Whether QEMU stops when all but the last of the memory has been copied, until it is told to go on. */
    void pauseBeforeSwitchover(boolean wanted) {
        execute(
                "migrate-set-capabilities",
                Map.of("capabilities", List.of(Map.of("capability", "pause-before-switchover", "state", wanted))));
    }

    /**
     * The vfio-user devices by their ids, in order.
     *
     * @throws ProblemException when one has none: it could not be found again
     */
    List<String> devices() {
        if (!children("/machine/peripheral-anon").isEmpty()) {
            throw refused("has a " + DRIVER + " without an id: give it one (id=...)");
        }
        return children("/machine/peripheral");
    }

    private List<String> children(String path) {
        return execute("qom-list", Map.of("path", path)) instanceof List<?> list
                ? list.stream()
                        .filter(each -> text(each, "type").equals("child<" + DRIVER + ">"))
                        .map(each -> text(each, "name"))
                        .sorted()
                        .toList()
                : List.of();
    }

    private static String text(Object map, String key) {
        return map instanceof Map<?, ?> found && found.get(key) instanceof String value ? value : "";
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
