package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.vm.QemuVm;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Watches VMs that have a drive of ours for migration: QEMU lets them migrate, reports success, and the drive is dead
 * at the destination.
 *
 * <p>A monitor serves one client at a time, so it is asked now and then and let go at once: whoever else uses it is held
 * up for a few milliseconds. What happened between two looks still shows, since a source keeps the state of its last
 * migration. A monitor that another client holds for good cannot be watched, and is reported as that.
 */
final class Monitors implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Monitors.class.getName());

    private enum Trouble {
        MIGRATING,
        NOT_WATCHED
    }

    private record Finding(Trouble trouble, String text) {}

    private final Slots slots;
    private final Duration interval;
    private final Map<Path, Finding> findings = new ConcurrentHashMap<>();
    private final Thread thread;

    Monitors(Slots slots, Duration interval) {
        this.slots = slots;
        this.interval = interval;
        this.thread = Thread.ofVirtual().name("migration watch").start(this::run);
    }

    /** One name for a VM however its socket is named. */
    static Path canonical(Path qmp) {
        try {
            return qmp.toRealPath();
        } catch (IOException e) {
            return qmp.toAbsolutePath().normalize();
        }
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(interval);
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        findings.keySet().retainAll(slots.vms());
        for (Path qmp : slots.vms()) {
            try {
                look(qmp);
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "watching the VM at " + qmp, e);
            }
        }
    }

    private void look(Path qmp) {
        try (QemuVm vm = QemuVm.connect(qmp)) {
            Optional<String> migration = vm.migration();
            if (migration.isEmpty()) {
                findings.remove(qmp);
                return;
            }
            found(
                    qmp,
                    new Finding(
                            Trouble.MIGRATING,
                            "VM %s is being migrated (%s) with a vNVMe plugged in: it will lose the drive; cancel the migration, detach, then migrate"
                                    .formatted(vm.name(), migration.get())));
        } catch (ProblemException e) {
            if (e.code() == ProblemCode.VM_MONITOR_BUSY && Files.exists(qmp)) {
                found(
                        qmp,
                        new Finding(
                                Trouble.NOT_WATCHED,
                                "the QMP socket %s is held by another client: a migration of that VM would go unnoticed"
                                        .formatted(qmp)));
            }
        }
    }

    private void found(Path qmp, Finding finding) {
        if (!finding.equals(findings.put(qmp, finding))) {
            LOG.log(finding.trouble() == Trouble.MIGRATING ? Level.ERROR : Level.WARNING, finding.text());
        }
    }

    /** What needs attention in the VM at {@code qmp}. */
    List<String> warnings(Path qmp) {
        return Optional.ofNullable(findings.get(qmp)).map(Finding::text).stream()
                .toList();
    }

    /** What needs attention in any VM. */
    List<String> warnings() {
        return findings.values().stream().map(Finding::text).toList();
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
