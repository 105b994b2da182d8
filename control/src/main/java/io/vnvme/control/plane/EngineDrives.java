package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.drive.uring.DriveFile;
import io.vnvme.drive.uring.DriveHealth;
import io.vnvme.handover.Holder;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.format.Superblock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Claimed drives of the engine, by identity. Blocking: for threads of the operating system. */
final class EngineDrives {
    private static final Logger LOG = System.getLogger(EngineDrives.class.getName());

    /** What drives in memory are held under, by their identity. */
    private static final String HELD = "ram/";

    private static final Duration LET_GO = Duration.ofSeconds(30);
    /** Longer than it takes to find out that a target does not answer. */
    private static final Duration REMOTE = Duration.ofSeconds(20);

    private static final long LOOK_AGAIN_NS = 1_000_000;

    private final EngineHandover handover;
    private final Set<UUID> keptInMemory = ConcurrentHashMap.newKeySet();
    private final RemoteHost host;
    private final Map<UUID, EngineDrive> open = new ConcurrentHashMap<>();

    EngineDrive require(UUID id) {
        EngineDrive drive = open.get(id);
        if (drive == null) {
            throw new IllegalStateException("drive %s is not open".formatted(id));
        }
        return drive;
    }

    /** All that are open. */
    Collection<EngineDrive> all() {
        return List.copyOf(open.values());
    }

    Optional<EngineDrive> find(UUID id) {
        return Optional.ofNullable(open.get(id));
    }

    /** @param host this one, towards targets */
    EngineDrives(RemoteHost host, EngineHandover handover) {
        this.host = host;
        this.handover = handover;
    }

    RemoteHost host() {
        return host;
    }

    DriveLook look(DriveSource source) {
        if (source.isRemote()) {
            return RemoteLooks.look(source, host, open.values());
        }
        Path path = Path.of(source.path());
        if (source.kind().equals(DriveSource.FILE) && Files.notExists(path)) {
            return new DriveLook(source, false, source.sizeBytes(), Optional.empty(), List.of(), List.of());
        }
        return DriveLooks.look(source, open.values());
    }

    DriveFacts claim(DriveSource source, UUID id, String name, boolean force) {
        if (!source.inMemory()) {
            DriveLook look = look(source);
            if (!look.uses().isEmpty() || !force && !look.contents().isEmpty()) {
                throw new ProblemException(
                        ProblemCode.DRIVE_IN_USE,
                        "%s holds or is used by %s"
                                .formatted(source.path(), look.uses().isEmpty() ? look.contents() : look.uses()));
            }
        }
        Optional<DriveFacts> kept = keptInMemory(source, id, name);
        if (kept.isPresent()) {
            return kept.get();
        }
        boolean made = !source.inMemory() && !source.isRemote() && Files.notExists(Path.of(source.path()));
        EngineDrive drive = opened(source, id, name, made);
        try {
            drive.use(blocking -> {
                PoolFormatter.claim(new PoolFormatter.Labelled(blocking, id, name));
                return id;
            });
            open.put(id, drive);
            return drive.facts();
        } catch (RuntimeException e) {
            drive.close();
            if (made) {
                DriveLooks.delete(Path.of(source.path()));
            }
            throw e;
        }
    }

    /** The drive in memory that an earlier process had, if it was held. */
    private Optional<DriveFacts> keptInMemory(DriveSource source, UUID id, String name) {
        Optional<Fd> file = source.kind().equals(DriveSource.RAM) ? handover.take(HELD + id) : Optional.empty();
        return file.map(fd -> RamDrive.of(name, fd)).map(drive -> {
            if (drive.sizeBytes() != source.sizeBytes()) {
                LOG.log(
                        Level.WARNING,
                        "drive {0} keeps what is in it, and its size: a new size counts for one that is claimed anew",
                        name);
            }
            EngineDrive kept = new EngineDrive.Ram(id, name, drive, true);
            open.put(id, kept);
            keptInMemory.add(id);
            return kept.facts();
        });
    }

    /** Whether what was on an open drive in memory is what an earlier process left there. */
    boolean kept(UUID id) {
        return keptInMemory.contains(id);
    }

    private RamDrive ram(String name, UUID id, long sizeBytes) {
        if (handover.holder() == Holder.NONE) {
            return RamDrive.create(name, sizeBytes);
        }
        RamDrive drive = RamDrive.inFile(name, sizeBytes);
        drive.file().ifPresent(fd -> handover.holder().keep(HELD + id, fd.number()));
        return drive;
    }

    private EngineDrive opened(DriveSource source, UUID id, String name, boolean make) {
        if (source.isRemote()) {
            return EngineRemoteDrive.connect(RemoteAddress.parse(source.path()), host, id, name);
        }
        if (source.inMemory()) {
            boolean keeps = source.kind().equals(DriveSource.RAM);
            RamDrive drive = keeps ? ram(name, id, source.sizeBytes()) : RamDrive.sparse(name, source.sizeBytes());
            return new EngineDrive.Ram(id, name, drive, keeps);
        }
        Path path = Path.of(source.path());
        DriveFile file = make ? DriveFile.create(path, source.sizeBytes()) : DriveFile.open(path);
        return new EngineDrive.File(id, name, file, new DriveHealth());
    }

    private DriveFacts openClaimedRemote(DriveSource source, UUID id) {
        RemoteAddress address = RemoteAddress.parse(source.path());
        if (handover.underWay()) {
            handover.holder().waits(REMOTE);
        }
        EngineRemoteDrive drive = EngineRemoteDrive.connect(address, host, id, source.path());
        Superblock superblock = require(source.path(), id, drive.use(PoolScan::superblock));
        EngineRemoteDrive named = drive.named(superblock.driveName());
        open.put(id, named);
        return named.facts();
    }

    private static Superblock require(String where, UUID id, Optional<Superblock> superblock) {
        return superblock
                .filter(s -> s.drive().equals(id))
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.DRIVE_MISSING,
                        superblock.isEmpty()
                                ? "what lies at %s is no drive of vNVMe any more".formatted(where)
                                : "at %s lies another drive, %s"
                                        .formatted(where, superblock.get().driveName())));
    }

    /** How a remote drive is reached; nothing of another one. */
    Optional<RemoteFacts> remote(UUID id) {
        return open.get(id) instanceof EngineRemoteDrive drive ? Optional.of(drive.remote()) : Optional.empty();
    }

    /** Opens a drive that has that identity. */
    DriveFacts openClaimed(DriveSource source, UUID id) {
        if (source.isRemote()) {
            return openClaimedRemote(source, id);
        }
        Path path = Path.of(source.path());
        if (Files.notExists(path)) {
            throw new ProblemException(ProblemCode.DRIVE_MISSING, "there is no %s".formatted(path));
        }
        DriveFile file = free(path);
        try {
            DriveHealth health = new DriveHealth();
            Superblock superblock = require(
                    path.toString(), id, EngineDrive.File.use(path.toString(), file, health, PoolScan::superblock));
            EngineDrive drive = new EngineDrive.File(id, superblock.driveName(), file, health);
            open.put(id, drive);
            return drive.facts();
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Opens a file that the process from before may have still: what it had begun ends behind its end, and only then the kernel
     * lets go of its lock. Until then nobody else may write there.
     */
    private DriveFile free(Path path) {
        long deadlineNs = System.nanoTime() + LET_GO.toNanos();
        boolean said = false;
        while (true) {
            try {
                return DriveFile.open(path);
            } catch (NativeException e) {
                if (e.errno() != Errno.EBUSY || !handover.underWay() || System.nanoTime() > deadlineNs) {
                    throw e;
                }
                if (!said) {
                    handover.holder().waits(LET_GO);
                    said = true;
                }
                LockSupport.parkNanos(LOOK_AGAIN_NS);
            }
        }
    }

    /** Whether an open drive is not there any more. */
    boolean gone(UUID id) {
        return switch (open.get(id)) {
            case EngineDrive.File drive -> drive.gone();
            case EngineRemoteDrive drive -> drive.gone();
            case null, default -> false;
        };
    }

    /**
     * Opens a drive again that is gone, if it is back: where it was, or wherever its superblock is found.
     *
     * @return where it is; nothing when it is not back
     */
    Optional<DriveFacts> returned(UUID id) {
        if (open.get(id) instanceof EngineRemoteDrive remote) {
            // It connects again by itself.
            return remote.returned() ? Optional.of(remote.facts()) : Optional.empty();
        }
        if (!(open.get(id) instanceof EngineDrive.File drive)) {
            return Optional.empty();
        }
        // Our claim of what is gone would be in the way of a device that comes back under the same number.
        drive.file().close();
        Collection<EngineDrive> others = all().stream().filter(d -> d != drive).toList();
        for (DriveLook look : DriveLooks.find(List.of(drive.file().path()), others)) {
            if (look.superblock().filter(s -> s.drive().equals(id)).isPresent()) {
                drive.file().reopen(Path.of(look.source().path()));
                drive.health().returned();
                return Optional.of(drive.facts());
            }
        }
        return Optional.empty();
    }

    void close(UUID id) {
        EngineDrive drive = open.remove(id);
        if (drive != null) {
            drive.close();
            keptInMemory.remove(id);
            if (drive instanceof EngineDrive.Ram) {
                handover.holder().drop(HELD + id);
            }
        }
    }

    void release(UUID id) {
        require(id).use(blocking -> {
            PoolFormatter.erase(blocking);
            return id;
        });
        close(id);
    }

    void free(UUID id, String name) {
        require(id).use(blocking -> {
            PoolFormatter.claim(new PoolFormatter.Labelled(blocking, id, name));
            return id;
        });
    }

    List<DriveLook> find(List<Path> places) {
        return DriveLooks.find(places, open.values());
    }

    void closeAll() {
        List.copyOf(open.keySet()).forEach(this::close);
    }
}
