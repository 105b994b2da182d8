package io.vnvme.control.service;

import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.Libvirt;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Volumes that are served on their sockets, and why the others are not. */
final class Exports {
    private static final Logger LOG = System.getLogger(Exports.class.getName());

    private final DataPlane dataPlane;
    private final SocketFolders folders;
    private final Map<String, Export> exports = new ConcurrentHashMap<>();
    private final Map<String, String> failures = new ConcurrentHashMap<>();
    /** Exports of vNVMes that are removed, kept for the controllers of theirs that are parked in VMs. */
    private final List<Export> orphans = new CopyOnWriteArrayList<>();

    Exports(DataPlane dataPlane, SocketFolders folders) {
        this.dataPlane = dataPlane;
        this.folders = folders;
    }

    Path socket(String name) {
        return folders.socket(name);
    }

    Path socket(String name, int nth) {
        return folders.socket(name, nth);
    }

    /** @see SocketFolders#lend */
    SocketFolders.Lent lend(Path socket, Optional<Libvirt.Owner> borrower) {
        return folders.lend(socket, borrower);
    }

    /** Why it is not served; nothing when it is. */
    Optional<String> failure(String name) {
        return Optional.ofNullable(failures.get(name));
    }

    void failed(String name, String why) {
        failures.put(name, why);
    }

    Optional<Export> find(String name) {
        return Optional.ofNullable(exports.get(name));
    }

    /** Clients of its socket; none when it is not served. */
    List<Connection> connections(String name) {
        return find(name).map(Export::connections).orElse(List.of());
    }

    /** Whether a client is shown the vNVMe. */
    boolean inUse(String name) {
        return connections(name).stream().anyMatch(c -> c.open() && c.shown().contains(name));
    }

    /** Whether somebody had it when an earlier process ended, and waits until it is served. */
    boolean awaited(VnvmeRecord vnvme) {
        return dataPlane.awaited(vnvme);
    }

    /** Begins to serve. @throws ProblemException when it cannot be, with nothing of it left */
    void serve(VnvmeRecord vnvme, OpenPool pool) {
        serve(vnvme, vnvme.name(), pool);
    }

    /**
     * The same of a volume that has another name as long as it is not whole.
     *
     * @param volume its name in the pool at the moment
     */
    void serve(VnvmeRecord vnvme, String volume, OpenPool pool) {
        String name = vnvme.name();
        closeOrphans();
        try (Steps steps = new Steps("serve " + name)) {
            steps.run("folder", () -> folders.make(name), () -> folders.remove(name));
            Export export = steps.get(
                    "socket",
                    () -> HostFailure.shown(
                            "vNVMe %s cannot be served on %s".formatted(name, socket(name)),
                            () -> dataPlane.export(vnvme, volume, pool, socket(name))),
                    () -> {});
            exports.put(name, export);
            failures.remove(name);
            steps.done();
        }
    }

    /** Serves, or notes why not: one that cannot be holds up no other. */
    void serveOrNote(VnvmeRecord vnvme, OpenPool pool) {
        try {
            serve(vnvme, pool);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "vNVMe " + vnvme.name() + " is not served", e);
            failed(vnvme.name(), "it is not served: " + e.getMessage());
        }
    }

    /** Ends serving, connections too. */
    void end(String name) {
        Export export = exports.remove(name);
        failures.remove(name);
        if (export != null) {
            export.close();
        }
        folders.remove(name);
    }

    /** Ends serving, but for controllers that are parked in VMs: they are kept for other vNVMes. */
    void retire(String name) {
        Export export = exports.remove(name);
        failures.remove(name);
        if (export != null) {
            export.stopListening();
            orphans.add(export);
            closeOrphans();
        }
        folders.remove(name);
    }

    /** vNVMes that clients have by controllers of removed ones: no other process could take those up. */
    List<String> shownByOrphans() {
        return orphans.stream()
                .flatMap(orphan -> orphan.connections().stream())
                .filter(Connection::open)
                .flatMap(connection -> connection.shown().stream())
                .toList();
    }

    /** An export without a vNVMe ends with its last parked controller. */
    private void closeOrphans() {
        List<Export> ended = orphans.stream()
                .filter(orphan -> orphan.connections().stream().noneMatch(Connection::open))
                .toList();
        orphans.removeAll(ended);
        ended.forEach(Export::close);
    }

    /** Stops serving; the folders stay for the next start. */
    void closeAll() {
        exports.values().forEach(Export::close);
        exports.clear();
        orphans.forEach(Export::close);
        orphans.clear();
    }
}
