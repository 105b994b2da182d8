package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.claim.Content;
import io.vnvme.drive.claim.DriveIdentification;
import io.vnvme.drive.uring.DriveFile;
import io.vnvme.drive.uring.DriveHealth;
import io.vnvme.os.Errno;
import io.vnvme.os.NativeException;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.format.FormatException;
import io.vnvme.pool.format.Superblock;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What lies on files and block devices: superblocks of ours, and what others would miss. */
final class DriveLooks {
    private static final Logger LOG = System.getLogger(DriveLooks.class.getName());
    private static final Path BLOCK_DEVICES = Path.of("/sys/class/block");
    /** Files in a folder that are looked at: a folder of that many is no place for drives. */
    private static final int FILES_MAX = 1000;

    private DriveLooks() {}

    static DriveLook look(DriveSource source, Collection<EngineDrive> open) {
        Path path = Path.of(source.path());
        Optional<EngineDrive> ours = open.stream()
                .filter(d -> d instanceof EngineDrive.File f && same(f.file().path(), path))
                .findFirst();
        if (ours.isPresent()) {
            return new DriveLook(
                    source,
                    true,
                    ours.get().facts().sizeBytes(),
                    Optional.of(
                            new DriveLook.Identity(ours.get().id(), ours.get().name(), 0, Optional.empty())),
                    List.of(),
                    List.of());
        }
        DriveIdentification found = identified(path);
        if (found.inUse()) {
            List<String> uses =
                    found.uses().stream().map(use -> path + " " + use).toList();
            return new DriveLook(source, true, found.sizeBytes(), Optional.empty(), descriptions(found), uses);
        }
        List<String> contents = new ArrayList<>(descriptions(found));
        if (contents.isEmpty() && !found.blank()) {
            contents.add(Content.UNKNOWN.description());
        }
        return looked(source, path, contents);
    }

    private static List<String> descriptions(DriveIdentification found) {
        return found.contents().stream().map(Content::description).distinct().toList();
    }

    /** Recognizes a superblock without opening the drive for ourselves, which another program may have. */
    static Optional<Content> ours(MemorySegment block) {
        try {
            return Superblock.recognized(block)
                    ? Optional.of(new Content("vnvme", words(identity(Superblock.decode(block)))))
                    : Optional.empty();
        } catch (FormatException e) {
            return Optional.of(new Content("vnvme", "a damaged drive of a vNVMe pool (%s)".formatted(e.getMessage())));
        }
    }

    private static DriveIdentification identified(Path path) {
        try {
            return DriveIdentification.of(path, List.of(DriveLooks::ours));
        } catch (NativeException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED, "%s cannot be looked at: %s".formatted(path, e.getMessage()), e);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.HOST_REFUSED, String.valueOf(e.getMessage()), e);
        }
    }

    private static boolean same(Path a, Path b) {
        try {
            return Files.isSameFile(a, b);
        } catch (IOException e) {
            return a.equals(b);
        }
    }

    private static DriveLook looked(DriveSource source, Path path, List<String> contents) {
        try (DriveFile file = DriveFile.open(path)) {
            List<String> ours = new ArrayList<>();
            Optional<DriveLook.Identity> identity = EngineDrive.File.use(
                    path.toString(), file, new DriveHealth(), blocking -> superblock(blocking, ours));
            identity.map(DriveLooks::words).ifPresent(ours::add);
            return new DriveLook(
                    source, true, file.geometry().sizeBytes(), identity, ours.isEmpty() ? contents : ours, List.of());
        } catch (NativeException e) {
            if (e.errno() == Errno.EBUSY) {
                return new DriveLook(
                        source,
                        true,
                        0,
                        Optional.empty(),
                        List.of(),
                        List.of("another program uses it, maybe another vnvme daemon"));
            }
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED, "%s cannot be opened: %s".formatted(path, e.getMessage()), e);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.HOST_REFUSED, String.valueOf(e.getMessage()), e);
        }
    }

    static Optional<DriveLook.Identity> superblock(BlockingDrive drive, List<String> contents) {
        try {
            return PoolScan.superblock(drive).map(DriveLooks::identity);
        } catch (PoolException e) {
            contents.add("a damaged drive of a vNVMe pool (%s)".formatted(e.getMessage()));
            return Optional.empty();
        }
    }

    private static DriveLook.Identity identity(Superblock superblock) {
        return new DriveLook.Identity(
                superblock.drive(),
                superblock.driveName(),
                superblock.generation(),
                superblock
                        .pool()
                        .map(p -> new DriveLook.PoolIdentity(
                                p.config().pool(),
                                p.config().name(),
                                p.config().layout().text(),
                                p.config().members().stream()
                                        .map(m -> new DriveLook.Member(m.drive(), m.set()))
                                        .toList())));
    }

    static String words(DriveLook.Identity identity) {
        return identity.pool().isPresent()
                ? "drive %s of vNVMe pool %s, which 'vnvme pool import' takes"
                        .formatted(identity.name(), identity.pool().get().name())
                : "drive %s of another vnvme daemon, in no pool".formatted(identity.name());
    }

    /** Every drive of ours on the host's block devices and in {@code places} that nobody uses. */
    static List<DriveLook> find(List<Path> places, Collection<EngineDrive> open) {
        List<DriveLook> found = new ArrayList<>();
        for (Path place : places) {
            files(place).forEach(file -> add(found, DriveSource.file(file, 0), open));
        }
        try (Stream<Path> devices = Files.list(BLOCK_DEVICES)) {
            devices.map(Path::getFileName)
                    .map(name -> Path.of("/dev", String.valueOf(name)))
                    .filter(Files::exists)
                    .sorted()
                    .forEach(device -> add(found, DriveSource.block(device), open));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "no block devices: {0}", e.getMessage());
        }
        return found;
    }

    private static List<Path> files(Path place) {
        if (Files.isRegularFile(place)) {
            return List.of(place);
        }
        if (!Files.isDirectory(place)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(place)) {
            return files.filter(Files::isRegularFile).sorted().limit(FILES_MAX).toList();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} cannot be listed: {1}", place, e.getMessage());
            return List.of();
        }
    }

    /** Most of what is looked at is no drive of ours: only what begins like one is opened for us alone. */
    private static void add(List<DriveLook> found, DriveSource source, Collection<EngineDrive> open) {
        Path path = Path.of(source.path());
        if (!beginsLikeOurs(path)) {
            return;
        }
        try {
            DriveLook look = look(source, open);
            if (look.superblock().isPresent() && look.uses().isEmpty()) {
                found.add(look);
            }
        } catch (RuntimeException e) {
            LOG.log(Level.DEBUG, "{0} is passed over: {1}", path, e.getMessage());
        }
    }

    /** Whether a file or device begins like a drive of ours; false also when it cannot be read. */
    private static boolean beginsLikeOurs(Path path) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer first = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(first, 0);
            return first.position() == Long.BYTES && first.getLong(0) == Superblock.MAGIC;
        } catch (IOException e) {
            return false;
        }
    }

    static void delete(Path made) {
        try {
            Files.deleteIfExists(made);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} is left: {1}", made, e.getMessage());
        }
    }
}
