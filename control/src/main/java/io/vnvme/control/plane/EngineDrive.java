package io.vnvme.control.plane;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.SectorDrive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.drive.uring.DriveFile;
import io.vnvme.drive.uring.DriveHealth;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.drive.uring.UringDrive;
import io.vnvme.os.Errno;
import io.vnvme.os.NumaNodes;
import io.vnvme.os.Stat;
import io.vnvme.reactor.Home;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;

/** A claimed drive of the engine: what it is, and how a thread of the control plane uses it while no pool does. */
sealed interface EngineDrive extends AutoCloseable permits EngineDrive.Ram, EngineDrive.File, EngineRemoteDrive {
    UUID id();

    String name();

    DriveFacts facts();

    /** Uses the drive on the calling thread, which is one of the operating system's. */
    <T> T use(Function<BlockingDrive, T> action);

    /**
     * The drive for the reactor, on whose thread this is.
     *
     * @param home where the reactor tells of what arrives
     * @param ring the reactor's
     */
    OnReactor onReactor(Home home, Supplier<DriveRing> ring);

    /**
     * A drive as the reactor uses it.
     *
     * @param drive with blocks of 512 bytes, whatever the device has
     * @param device what can be gone and come back
     * @param close ends this use; the claim stays
     */
    record OnReactor(Drive drive, Optional<UringDrive> device, Runnable close) {}

    /** The node of the machine that it is at; nothing when that makes no difference. */
    default OptionalInt node(NumaNodes nodes) {
        return OptionalInt.empty();
    }

    /** Why it does not work now. */
    Optional<String> failure();

    default DriveErrors errors() {
        return DriveErrors.NONE;
    }

    @Override
    void close();

    /** Whether volumes find there what was written to them. */
    default boolean keepsData() {
        return true;
    }

    /** In the daemon's memory. */
    record Ram(UUID id, String name, RamDrive drive, boolean keepsData) implements EngineDrive {
        @Override
        public DriveFacts facts() {
            return new DriveFacts("", drive.sizeBytes(), drive.blockSizeBytes());
        }

        @Override
        public <T> T use(Function<BlockingDrive, T> action) {
            return action.apply(new BlockingDrive(drive));
        }

        @Override
        public OnReactor onReactor(Home home, Supplier<DriveRing> ring) {
            return new OnReactor(drive, Optional.empty(), () -> {});
        }

        @Override
        public Optional<String> failure() {
            return Optional.empty();
        }

        @Override
        public void close() {
            drive.close();
        }
    }

    /** A file or block device. */
    record File(UUID id, String name, DriveFile file, DriveHealth health) implements EngineDrive {
        private static final int SECTOR_BYTES = 512;

        @Override
        public DriveFacts facts() {
            return new DriveFacts(
                    file.path().toString(),
                    file.geometry().sizeBytes(),
                    file.geometry().blockBytes());
        }

        @Override
        public <T> T use(Function<BlockingDrive, T> action) {
            return use(name, file, health, action);
        }

        static <T> T use(String name, DriveFile file, DriveHealth health, Function<BlockingDrive, T> action) {
            try (DriveRing ring = DriveRing.open();
                    UringDrive drive = new UringDrive(name, file, ring, health)) {
                return action.apply(new BlockingDrive(drive));
            }
        }

        @Override
        public OnReactor onReactor(Home home, Supplier<DriveRing> ring) {
            UringDrive drive = new UringDrive(name, file, ring.get(), health);
            if (drive.blockSizeBytes() <= SECTOR_BYTES) {
                return new OnReactor(drive, Optional.of(drive), drive::close);
            }
            SectorDrive sectors = new SectorDrive(drive);
            Runnable close = () -> {
                sectors.close();
                drive.close();
            };
            return new OnReactor(sectors, Optional.of(drive), close);
        }

        @Override
        public OptionalInt node(NumaNodes nodes) {
            if (!nodes.several() || gone()) {
                return OptionalInt.empty();
            }
            Stat stat = Stat.following(file.path());
            return stat.isBlockDevice()
                    ? nodes.ofBlockDevice(stat.deviceItselfMajor(), stat.deviceItselfMinor())
                    : nodes.ofBlockDevice(stat.deviceMajor(), stat.deviceMinor());
        }

        /** The device is not there any more. */
        boolean gone() {
            return health.gone() || !file.present();
        }

        @Override
        public Optional<String> failure() {
            if (gone()) {
                return Optional.of("%s is gone".formatted(file.path()));
            }
            long errors = health.readErrors() + health.writeErrors();
            return errors == 0
                    ? Optional.empty()
                    : Optional.of("%s reported %d read errors and %d write errors, the last was %s"
                            .formatted(
                                    file.path(),
                                    health.readErrors(),
                                    health.writeErrors(),
                                    Errno.name(health.lastErrno())));
        }

        @Override
        public DriveErrors errors() {
            return new DriveErrors(health.readErrors(), health.writeErrors());
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
