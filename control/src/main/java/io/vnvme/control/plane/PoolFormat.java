package io.vnvme.control.plane;

import static java.util.Objects.requireNonNull;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CheckReport;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteException;
import io.vnvme.drive.uring.DriveFile;
import io.vnvme.drive.uring.DriveHealth;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.drive.uring.UringDrive;
import io.vnvme.pool.PoolCheck;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.Superblock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Pools while they are not in use: made, and looked at. On threads of the operating system. */
final class PoolFormat {
    private static final Logger LOG = System.getLogger(PoolFormat.class.getName());

    private PoolFormat() {}

    /** Uses several drives at once on the calling thread. */
    static <T> T use(Collection<EngineDrive> drives, Function<Map<UUID, BlockingDrive>, T> action) {
        List<Drive> opened = new ArrayList<>();
        DriveRing ring = null;
        try {
            Map<UUID, BlockingDrive> blocking = new LinkedHashMap<>();
            for (EngineDrive drive : drives) {
                switch (drive) {
                    case EngineDrive.Ram ram -> blocking.put(ram.id(), new BlockingDrive(ram.drive()));
                    case EngineDrive.File file -> {
                        ring = ring == null ? DriveRing.open() : ring;
                        UringDrive uring = new UringDrive(file.name(), file.file(), ring, file.health());
                        opened.add(uring);
                        blocking.put(file.id(), new BlockingDrive(uring));
                    }
                    case EngineRemoteDrive remote -> {
                        RemoteDrive connected = remote.open();
                        opened.add(connected);
                        blocking.put(remote.id(), EngineRemoteDrive.asBlocking(connected));
                    }
                }
            }
            return action.apply(blocking);
        } finally {
            opened.forEach(Drive::close);
            if (ring != null) {
                ring.close();
            }
        }
    }

    static void create(PoolPlan plan, List<EngineDrive> members) {
        Map<UUID, EngineDrive> byId = members.stream().collect(Collectors.toMap(EngineDrive::id, Function.identity()));
        use(members, blocking -> {
            PoolFormatter.create(
                    plan.name(),
                    plan.id(),
                    Layout.valueOf(plan.layout().toUpperCase(Locale.ROOT)),
                    0,
                    plan.sets().stream()
                            .map(set -> set.stream()
                                    .map(id -> new PoolFormatter.Labelled(
                                            requireNonNull(blocking.get(id)),
                                            id,
                                            requireNonNull(byId.get(id)).name()))
                                    .toList())
                            .toList());
            return plan;
        });
    }

    static CheckReport check(String name, List<DriveSource> sources, RemoteHost host) {
        Map<UUID, EngineDrive> opened = new LinkedHashMap<>();
        try {
            for (DriveSource source : sources) {
                UUID id = UUID.randomUUID();
                if (source.isRemote()) {
                    remote(source, id, host).ifPresent(drive -> opened.put(id, drive));
                    continue;
                }
                if (Files.notExists(Path.of(source.path()))) {
                    continue; // the check says that it is missing
                }
                DriveFile file = DriveFile.open(Path.of(source.path()));
                opened.put(id, new EngineDrive.File(id, source.path(), file, new DriveHealth()));
            }
            return use(opened.values(), blocking -> check(name, blocking));
        } finally {
            opened.values().forEach(EngineDrive::close);
        }
    }

    /** Nothing when there is no way to it: the check says that it is missing. */
    private static Optional<EngineRemoteDrive> remote(DriveSource source, UUID id, RemoteHost host) {
        RemoteAddress address = RemoteAddress.parse(source.path());
        try {
            return Optional.of(EngineRemoteDrive.connect(address, host, id, source.path()));
        } catch (RemoteException e) {
            LOG.log(Level.INFO, "a check goes without {0}: {1}", source.path(), e.getMessage());
            return Optional.empty();
        }
    }

    private static CheckReport check(String name, Map<UUID, BlockingDrive> drives) {
        List<String> findings = new ArrayList<>();
        Optional<UUID> pool = Optional.empty();
        for (BlockingDrive drive : drives.values()) {
            try {
                pool = pool.or(() -> PoolScan.superblock(drive)
                        .flatMap(Superblock::pool)
                        .map(p -> p.config().pool()));
            } catch (PoolException e) {
                findings.add(String.valueOf(e.getMessage()));
            }
        }
        if (pool.isEmpty()) {
            return new CheckReport(
                    name, false, findings, "none of %d drives belongs to a pool".formatted(drives.size()));
        }
        try {
            PoolScan scan = PoolScan.scan(pool.get(), List.copyOf(drives.values()));
            PoolCheck check = PoolCheck.run(scan);
            findings.addAll(check.problems());
            String text = "pool %s: %d drives, %d volumes and snapshots, %s of %s in use%s%s"
                    .formatted(
                            scan.config().name(),
                            drives.size(),
                            check.volumes(),
                            ByteSize.format(check.usedBytes()),
                            ByteSize.format(check.totalBytes()),
                            findings.isEmpty() ? ": nothing is wrong" : "",
                            check.remarks().stream().map("\n"::concat).collect(Collectors.joining()));
            return new CheckReport(name, findings.isEmpty(), findings, text);
        } catch (PoolException e) {
            findings.add(String.valueOf(e.getMessage()));
            return new CheckReport(name, false, findings, "pool %s cannot be read".formatted(name));
        }
    }
}
