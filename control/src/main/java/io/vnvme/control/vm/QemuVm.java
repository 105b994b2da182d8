package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A running QEMU as far as plugging drives goes. Used by one thread at a time. */
public final class QemuVm implements AutoCloseable {
    private static final String DRIVER = "vfio-user-pci";
    /** QEMU's kinds of PCIe ports that a device can be hot-plugged into. */
    private static final List<String> PORT_TYPES = List.of("pcie-root-port", "xio3130-downstream", "ioh3420");

    private static final String PERIPHERALS = "/machine/peripheral";
    private static final String NO_WAY_IN =
            "; its QEMU may not open that socket: let its user through the folders before it, and AppArmor or SELinux too"
                    + " (docs/hypervisors/libvirt.md)";
    /** The state of a migration that has left nothing to cancel. */
    public static final String COMPLETED = "completed";

    private static final int CANCEL_LOOKS = 100;
    private static final long CANCEL_LOOK_MS = 50;
    private static final Duration UNPLUG_RETRY = Duration.ofSeconds(1);

    private final Monitor qmp;
    private final VmAddress address;
    private final String name;

    private QemuVm(VmAddress address, Monitor qmp) {
        this.qmp = qmp;
        this.address = address;
        this.name = switch (address) {
            case VmAddress.Domain domain -> domain.name();
            case VmAddress.Socket socket -> ownName().orElseGet(() -> fileName(socket));
        };
    }

    /** Takes over the monitor, also when this fails. */
    static QemuVm of(VmAddress address, Monitor monitor) {
        try {
            return new QemuVm(address, monitor);
        } catch (RuntimeException e) {
            monitor.close();
            throw e;
        }
    }

    private Optional<String> ownName() {
        return qmp.execute("query-name", Map.of()) instanceof Map<?, ?> map && map.get("name") instanceof String text
                ? Optional.of(text).filter(t -> !t.isBlank())
                : Optional.empty();
    }

    private static String fileName(VmAddress.Socket socket) {
        String file = String.valueOf(socket.path().getFileName());
        int dot = file.lastIndexOf('.');
        return dot > 0 ? file.substring(0, dot) : file;
    }

    /** The VM's name; when it has none, that of its socket's file, without an ending. */
    public String name() {
        return name;
    }

    public VmAddress address() {
        return address;
    }

    public QemuVersion version() {
        return qmp.version();
    }

    /** @throws ProblemException when this QEMU cannot take a vfio-user device */
    public void checkVfioUser() {
        boolean known;
        try {
            qmp.execute("device-list-properties", Map.of("typename", DRIVER));
            known = true;
        } catch (QmpException e) {
            known = false;
        }
        if (!known || !version().hasVfioUser()) {
            throw new ProblemException(
                    ProblemCode.VM_TOO_OLD,
                    "VM %s runs QEMU %s without %s: it needs QEMU %s or later, built with vfio-user; %s"
                            .formatted(
                                    name,
                                    version(),
                                    DRIVER,
                                    QemuVersion.minimum(),
                                    qmp.advice().newerQemu()));
        }
    }

    /** @throws ProblemException when the VM is paused, migrating or otherwise not running */
    public void checkRunning() {
        Optional<String> migration = migration();
        if (migration.isPresent()) {
            throw new ProblemException(
                    ProblemCode.VM_MIGRATING,
                    "VM %s is being migrated (%s): a vNVMe cannot move with it; attach where it ends up"
                            .formatted(name, migration.get()));
        }
        Object answer = qmp.execute("query-status", Map.of());
        String status = answer instanceof Map<?, ?> map ? String.valueOf(map.get("status")) : "unknown";
        switch (status) {
            case "running" -> {}
            case "inmigrate", "postmigrate", "finish-migrate" ->
                throw new ProblemException(
                        ProblemCode.VM_MIGRATING,
                        "VM %s is being migrated (%s): attach where it ends up, once it runs".formatted(name, status));
            default ->
                throw new ProblemException(
                        ProblemCode.VM_NOT_RUNNING,
                        "VM %s does not run (%s): %s"
                                .formatted(name, status, qmp.advice().resume()));
        }
    }

    /** The state of a migration under way or done, as QEMU names it; nothing when there is none. */
    public Optional<String> migration() {
        Object answer = qmp.execute("query-migrate", Map.of());
        String status = answer instanceof Map<?, ?> map && map.get("status") instanceof String text ? text : "none";
        return switch (status) {
            case "none", "cancelled", "failed" -> Optional.empty();
            default -> Optional.of(status);
        };
    }

    /**
     * Ends a migration to elsewhere.
     *
     * @return whether there is none any more: it may have been too late
     */
    public boolean cancelMigration() {
        qmp.cancelMigration();
        for (int i = 0; i < CANCEL_LOOKS; i++) {
            String state = migration().orElse("");
            if (state.isEmpty()) {
                return true;
            }
            if (state.equals(COMPLETED)) {
                return false;
            }
            pause();
        }
        return false;
    }

    private static void pause() {
        try {
            Thread.sleep(CANCEL_LOOK_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The guest's memory, in bytes. */
    public long memoryBytes() {
        Object answer = qmp.execute("query-memory-size-summary", Map.of());
        return answer instanceof Map<?, ?> map && map.get("base-memory") instanceof Number bytes
                ? bytes.longValue()
                : 0;
    }

    /** What is plugged into a PCIe port is nothing, and something could be. */
    public boolean portIsFree(String port) {
        return has(port)
                && hotPluggable(port)
                && list(busPath(port)).stream().noneMatch(p -> p.name().startsWith("child["));
    }

    /** The port that a device is plugged into. @throws ProblemException when QEMU does not say it */
    public String portOf(String deviceId) {
        Object bus;
        try {
            bus = qmp.execute("qom-get", Map.of("path", PERIPHERALS + "/" + deviceId, "property", "parent_bus"));
        } catch (QmpException e) {
            throw new ProblemException(
                    ProblemCode.VM_REFUSED,
                    "QEMU of VM %s does not say where %s is: %s".formatted(name, deviceId, e.description()),
                    e);
        }
        String path = String.valueOf(bus);
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** What to do about memory that is not shared. */
    public String sharedMemoryAdvice() {
        return qmp.advice().sharedMemory();
    }

    /** A memory backend of the guest that other processes cannot map, by its id; nothing when all are shared. */
    public Optional<String> memoryNotShared() {
        Object answer = qmp.execute("query-memdev", Map.of());
        List<?> backends = answer instanceof List<?> list ? list : List.of();
        if (backends.isEmpty()) {
            return Optional.of("(none)");
        }
        return backends.stream()
                .filter(Map.class::isInstance)
                .map(Map.class::cast)
                .filter(backend -> !Boolean.TRUE.equals(backend.get("share")))
                .map(backend -> String.valueOf(backend.get("id")))
                .findFirst();
    }

    /**
     * A PCIe port that can take a device and has none, by its id.
     *
     * @throws ProblemException when there is none
     */
    public String freePort() {
        List<String> taken = new ArrayList<>();
        for (Property port : inOrder(list(PERIPHERALS))) {
            if (!PORT_TYPES.contains(port.childType()) || !hotPluggable(port.name())) {
                continue;
            }
            boolean free =
                    list(busPath(port.name())).stream().noneMatch(p -> p.name().startsWith("child["));
            if (free) {
                return port.name();
            }
            taken.add(port.name());
        }
        String found = taken.isEmpty() ? "it has none with an id" : "all are taken: " + String.join(", ", taken);
        throw new ProblemException(
                ProblemCode.VM_NO_FREE_PORT,
                "VM %s has no free PCIe root port (%s): %s"
                        .formatted(name, found, qmp.advice().freePort()));
    }

    /** By number. Of a domain the last comes first: libvirt gives its own devices the first that it thinks is free. */
    private List<Property> inOrder(List<Property> ports) {
        Comparator<Property> byNumber =
                Comparator.comparingInt((Property p) -> p.name().length()).thenComparing(Property::name);
        return ports.stream()
                .sorted(address instanceof VmAddress.Domain ? byNumber.reversed() : byNumber)
                .toList();
    }

    private static String busPath(String port) {
        return PERIPHERALS + "/" + port + "/" + port;
    }

    private boolean hotPluggable(String port) {
        try {
            return !Boolean.FALSE.equals(
                    qmp.execute("qom-get", Map.of("path", PERIPHERALS + "/" + port, "property", "hotplug")));
        } catch (QmpException e) {
            return true; // a port type without that property always is
        }
    }

    /** A property of a QOM object; {@code type} is {@code child<TYPE>} for those that are objects. */
    private record Property(String name, String type) {
        String childType() {
            return type.startsWith("child<") ? type.substring("child<".length(), type.length() - 1) : "";
        }
    }

    private List<Property> list(String path) {
        try {
            Object answer = qmp.execute("qom-list", Map.of("path", path));
            return answer instanceof List<?> list
                    ? list.stream()
                            .filter(Map.class::isInstance)
                            .map(Map.class::cast)
                            .map(p -> new Property(String.valueOf(p.get("name")), String.valueOf(p.get("type"))))
                            .toList()
                    : List.of();
        } catch (QmpException e) {
            return List.of();
        }
    }

    /** Whether a device of that id is plugged in. */
    public boolean has(String deviceId) {
        return list(PERIPHERALS).stream().anyMatch(p -> p.name().equals(deviceId));
    }

    /**
     * Plugs a vfio-user device in; when this returns QEMU is connected to {@code socket}.
     *
     * @throws ProblemException with QEMU's own words when it refuses
     */
    public void plug(String deviceId, String port, Path socket) {
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("driver", DRIVER);
        arguments.put("id", deviceId);
        arguments.put("bus", port);
        arguments.put("socket", Map.of("type", "unix", "path", socket.toString()));
        try {
            qmp.execute("device_add", arguments);
        } catch (QmpException e) {
            String way = e.description().contains("Permission denied") ? NO_WAY_IN : "";
            throw new ProblemException(
                    ProblemCode.VM_REFUSED,
                    "QEMU of VM %s refused the device at port %s: %s%s".formatted(name, port, e.description(), way),
                    e);
        }
    }

    /**
     * Unplugs a device and waits until the guest has let go of it. A guest that is busy, or has not got so far as to
     * listen, is asked again.
     *
     * @return false when it did not let go in time; it may still do so later
     * @throws ProblemException with QEMU's own words when it refuses
     */
    public boolean unplug(String deviceId, Duration timeout) {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        while (true) {
            if (!requestUnplug(deviceId)) {
                return true;
            }
            Duration left = Duration.ofNanos(deadlineNs - System.nanoTime());
            Duration wait = left.compareTo(UNPLUG_RETRY) < 0 ? left : UNPLUG_RETRY;
            if (qmp.awaitDeleted(deviceId, wait, () -> !has(deviceId))) {
                return true;
            }
            if (System.nanoTime() >= deadlineNs) {
                return false;
            }
        }
    }

    /** @return false when there is no such device any more */
    private boolean requestUnplug(String deviceId) {
        try {
            qmp.execute("device_del", Map.of("id", deviceId));
            return true;
        } catch (QmpException e) {
            if (e.errorClass().equals("DeviceNotFound")) {
                return false;
            }
            String words = e.description();
            if (words.contains("busy") || words.contains("in the process of unplug") || words.contains("in progress")) {
                return true;
            }
            throw new ProblemException(
                    ProblemCode.VM_REFUSED, "QEMU of VM %s refused to unplug: %s".formatted(name, words), e);
        }
    }

    @Override
    public void close() {
        qmp.close();
    }
}
