package io.vnvme.control.service;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.StepInfo;
import io.vnvme.control.service.DataPlane.Connection;
import io.vnvme.control.service.DataPlane.Export;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.nvme.NamespaceIdentity;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Virtual NVMe drives: made, served on their sockets, removed. */
final class Vnvmes {
    private static final Logger LOG = System.getLogger(Vnvmes.class.getName());
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,39}");
    private static final int BLOCK_SIZE_DEFAULT = 512;
    private static final int SIZE_MULTIPLE = 4096;
    /** sun_path of a Unix socket has 108 bytes with the terminating 0. */
    private static final int SOCKET_PATH_MAX = 107;
    /** Every vNVMe has one namespace, and this is its identifier. */
    private static final int NSID = 1;

    private final Registry registry;
    private final DataPlane dataPlane;
    private final Drives drives;
    private final Path socketRoot;
    private final Map<String, Export> exports = new ConcurrentHashMap<>();
    private final Map<String, String> failures = new ConcurrentHashMap<>();
    /** Exports of vNVMes that are removed, kept for the controllers of theirs that are parked in VMs. */
    private final List<Export> orphans = new CopyOnWriteArrayList<>();

    /** @param socketRoot folder that gets a folder for each vNVMe */
    Vnvmes(Registry registry, DataPlane dataPlane, Drives drives, Path socketRoot) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.drives = drives;
        this.socketRoot = socketRoot;
    }

    /** A new vNVMe and how it came to be. */
    record Created(VnvmeRecord vnvme, long micros, List<StepInfo> steps) {}

    /** All are served again after a start; one that cannot be holds up no other. */
    void openAll() {
        Map<String, String> broken = drives.failures();
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            String driveFailure = broken.get(vnvme.drive());
            if (driveFailure != null) {
                failures.put(vnvme.name(), driveFailure);
                continue;
            }
            try {
                makeFolder(vnvme.name());
                exports.put(vnvme.name(), dataPlane.export(vnvme, socket(vnvme.name())));
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "vNVMe " + vnvme.name() + " is not served", e);
                failures.put(vnvme.name(), "it is not served: " + e.getMessage());
            }
        }
    }

    Path socket(String name) {
        return folder(name).resolve("cntrl");
    }

    /**
     * The socket under a name for the {@code nth} device of one VM, from 1: QEMU knows a vfio-user device by the path it
     * connected to, and a second one with the same path silences the first.
     *
     * @throws ProblemException when the name cannot be made
     */
    Path socket(String name, int nth) {
        Path socket = socket(name);
        if (nth == 1) {
            return socket;
        }
        Path alias = socket.resolveSibling("%s.%d".formatted(socket.getFileName(), nth));
        try {
            if (Files.notExists(alias, LinkOption.NOFOLLOW_LINKS)) {
                Files.createSymbolicLink(alias, socket.getFileName());
            }
            return alias;
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED, "link %s cannot be made: %s".formatted(alias, e.getMessage()), e);
        }
    }

    private Path folder(String name) {
        return socketRoot.resolve(name);
    }

    /** Why it is not served; nothing when it is. */
    Optional<String> failure(String name) {
        return Optional.ofNullable(failures.get(name));
    }

    /** @throws ProblemException when there is none of that name */
    VnvmeRecord require(String name) {
        return registry.state().vnvme(name).orElseThrow(() -> {
            int count = registry.state().vnvmes().size();
            return new ProblemException(
                    ProblemCode.UNKNOWN_VNVME,
                    count == 0
                            ? "no vNVMe %s: there is none yet; make one with 'vnvme create NAME --size 20G'"
                                    .formatted(name)
                            : "no vNVMe %s: see 'vnvme ls'".formatted(name));
        });
    }

    /** @throws ProblemException when it is not served */
    Export requireExport(String name) {
        Export export = exports.get(name);
        if (export == null) {
            throw new ProblemException(
                    ProblemCode.VNVME_UNAVAILABLE,
                    "vNVMe %s is unavailable: %s".formatted(name, failure(name).orElse("it is being removed")));
        }
        return export;
    }

    /** Clients of its socket; none when it is not served. */
    List<Connection> connections(String name) {
        Export export = exports.get(name);
        return export == null ? List.of() : export.connections();
    }

    Created create(CreateVnvme request) {
        String name = checkedName(request.name());
        long sizeBytes = checkedSize(request.sizeBytes());
        int blockSizeBytes = checkedBlockSize(request.blockSizeBytes());
        return registry.exclusively(() -> {
            if (registry.state().vnvme(name).isPresent()) {
                throw new ProblemException(
                        ProblemCode.NAME_TAKEN, "there is a vNVMe %s already: choose another name".formatted(name));
            }
            closeOrphans();
            try (Steps steps = new Steps("create " + name)) {
                VnvmeRecord vnvme = steps.get("place", () -> place(name, sizeBytes, blockSizeBytes, request), () -> {});
                steps.run("wipe", () -> dataPlane.wipe(vnvme.drive(), vnvme.offsetBytes(), vnvme.sizeBytes()));
                steps.run("folder", () -> makeFolder(name), () -> removeFolder(name));
                Export export = steps.get("serve", () -> serve(vnvme), () -> unserve(name));
                exports.put(name, export);
                steps.run("save state", () -> registry.update(state -> state.with(vnvme)));
                steps.done();
                return new Created(vnvme, steps.micros(), steps.taken());
            }
        });
    }

    private VnvmeRecord place(String name, long sizeBytes, int blockSizeBytes, CreateVnvme request) {
        ClaimedDrive drive = drives.choose(Optional.ofNullable(request.drive()));
        State state = registry.state();
        List<VnvmeRecord> taken = state.vnvmesOn(drive.name());
        long offsetBytes =
                Allocation.place(drive, taken, sizeBytes).orElseThrow(() -> noSpace(drive, taken, sizeBytes));
        UUID uuid = UUID.randomUUID();
        long high = uuid.getMostSignificantBits();
        long low = uuid.getLeastSignificantBits();
        NamespaceIdentity identity = NamespaceIdentity.of(uuid);
        return new VnvmeRecord(
                name,
                uuid.toString(),
                identity.nguid(),
                identity.eui64(),
                "nqn.2014-08.org.nvmexpress:uuid:" + uuid,
                "%016X%04X".formatted(high, low >>> 48),
                NSID,
                blockSizeBytes,
                drive.name(),
                offsetBytes,
                sizeBytes,
                request.msi(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    private static ProblemException noSpace(ClaimedDrive drive, List<VnvmeRecord> taken, long sizeBytes) {
        long freeBytes = Allocation.freeBytes(drive, taken);
        long largestBytes = Allocation.largestFreeBytes(drive, taken);
        String pieces = largestBytes == freeBytes ? "" : ", in pieces of at most " + ByteSize.format(largestBytes);
        return new ProblemException(
                ProblemCode.NO_SPACE,
                "%s do not fit: drive %s has %s free%s; ask for less or claim another drive"
                        .formatted(ByteSize.format(sizeBytes), drive.name(), ByteSize.format(freeBytes), pieces));
    }

    private Export serve(VnvmeRecord vnvme) {
        try {
            return dataPlane.export(vnvme, socket(vnvme.name()));
        } catch (ProblemException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED,
                    "vNVMe %s cannot be served on %s: %s".formatted(vnvme.name(), socket(vnvme.name()), e.getMessage()),
                    e);
        }
    }

    private void unserve(String name) {
        Export export = exports.remove(name);
        if (export != null) {
            export.close();
        }
    }

    /** Removes a vNVMe that no client is shown, and wipes its range. */
    void remove(String name) {
        registry.exclusively(() -> {
            VnvmeRecord vnvme = require(name);
            registry.update(state -> state.withoutVnvme(name));
            Export export = exports.remove(name);
            failures.remove(name);
            if (export != null) {
                export.stopListening();
                orphans.add(export);
                closeOrphans();
                dataPlane.wipe(vnvme.drive(), vnvme.offsetBytes(), vnvme.sizeBytes());
            }
            removeFolder(name);
            return name;
        });
    }

    /** An export without a vNVMe ends with its last parked controller. */
    private void closeOrphans() {
        List<Export> ended = orphans.stream()
                .filter(orphan -> orphan.connections().stream().noneMatch(Connection::open))
                .toList();
        orphans.removeAll(ended);
        ended.forEach(Export::close);
    }

    private static String checkedName(@Nullable String name) {
        if (name == null || !NAME.matcher(name).matches()) {
            throw new ProblemException(
                    ProblemCode.BAD_NAME,
                    "'%s' is no name: use 1 to 40 of a-z, 0-9, '.', '_' and '-', the first a letter or digit"
                            .formatted(name == null ? "" : name));
        }
        return name;
    }

    private static long checkedSize(long sizeBytes) {
        if (sizeBytes <= 0) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE, "a size of %d bytes: a vNVMe has at least 4 KiB".formatted(sizeBytes));
        }
        if (sizeBytes % SIZE_MULTIPLE != 0) {
            long below = sizeBytes - sizeBytes % SIZE_MULTIPLE;
            throw new ProblemException(
                    ProblemCode.BAD_SIZE,
                    "%d bytes are no multiple of 4 KiB: ask for %d, or a size like 512M"
                            .formatted(sizeBytes, below + SIZE_MULTIPLE));
        }
        return sizeBytes;
    }

    private static int checkedBlockSize(@Nullable Integer blockSizeBytes) {
        int size = blockSizeBytes == null ? BLOCK_SIZE_DEFAULT : blockSizeBytes;
        if (size != 512 && size != 4096) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE, "a block size of %d bytes: it is 512 or 4096".formatted(size));
        }
        return size;
    }

    private void makeFolder(String name) {
        Path socket = socket(name);
        if (socket.toString().length() > SOCKET_PATH_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_NAME,
                    "%s is longer than the %d bytes a socket path may have: choose a shorter name, or a shorter --run for the daemon"
                            .formatted(socket, SOCKET_PATH_MAX));
        }
        try {
            Files.createDirectories(folder(name));
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED,
                    "folder %s cannot be made: %s".formatted(folder(name), e.getMessage()),
                    e);
        }
    }

    private void removeFolder(String name) {
        try (var entries = Files.list(folder(name))) {
            for (Path entry : entries.toList()) {
                Files.deleteIfExists(entry);
            }
            Files.deleteIfExists(folder(name));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "folder {0} is left: {1}", folder(name), e.getMessage());
        }
    }

    /** Stops serving; the vNVMes stay in the state. */
    void closeAll() {
        exports.values().forEach(Export::close);
        exports.clear();
        orphans.forEach(Export::close);
        orphans.clear();
    }
}
