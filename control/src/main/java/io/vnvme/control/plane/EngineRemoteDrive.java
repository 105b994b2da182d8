package io.vnvme.control.plane;

import io.vnvme.control.model.RemotePathInfo;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.SectorDrive;
import io.vnvme.drive.nvmetcp.NamespaceFacts;
import io.vnvme.drive.nvmetcp.PathView;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteHealth;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Home;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * A namespace of another machine. Whoever uses it connects for himself: a thread for as long as it takes, the reactor of its
 * pool for as long as that is open. While nobody does there is no connection.
 *
 * @param health of the use that there is now
 */
record EngineRemoteDrive(
        UUID id,
        String name,
        RemoteAddress address,
        RemoteNamespace namespace,
        NamespaceFacts found,
        RemoteHealth health)
        implements EngineDrive {
    private static final int SECTOR_BYTES = 512;
    /** For the first path to work: longer than a target that is there ever needs, short for whoever waits for an answer. */
    private static final Duration OPEN_LIMIT = Duration.ofSeconds(8);

    /**
     * Finds out what is there.
     *
     * @throws io.vnvme.drive.nvmetcp.RemoteException when there is no way to it
     */
    static EngineRemoteDrive connect(RemoteAddress address, RemoteHost host, UUID id, String name) {
        RemoteNamespace namespace = address.resolve(host);
        RemoteHealth health = new RemoteHealth();
        NamespaceFacts found = use(namespace, health, (facts, _) -> facts);
        return new EngineRemoteDrive(id, name, address, namespace, found, health);
    }

    EngineRemoteDrive named(String other) {
        return new EngineRemoteDrive(id, other, address, namespace, found, health);
    }

    /** What a thread does with a drive that it has opened. */
    interface Use<T> {
        T with(NamespaceFacts facts, BlockingDrive drive);
    }

    /**
     * Connects, and lets go again.
     *
     * @throws io.vnvme.drive.nvmetcp.RemoteException when there is no way to it
     */
    static <T> T use(RemoteNamespace namespace, RemoteHealth health, Use<T> action) {
        try (RemoteDrive drive = open(namespace, health)) {
            return action.with(drive.facts(), blocking(drive));
        }
    }

    private static RemoteDrive open(RemoteNamespace namespace, RemoteHealth health) {
        return RemoteDrive.open(namespace.nqn(), namespace, health, OPEN_LIMIT);
    }

    private static BlockingDrive blocking(RemoteDrive drive) {
        return new BlockingDrive(drive, Clock.system(), RemoteDrive::pause);
    }

    /** What is there, which nobody has to be told of. */
    static <T> T look(RemoteAddress address, RemoteHost host, Use<T> action) {
        return use(address.resolve(host), new RemoteHealth(), action);
    }

    @Override
    public DriveFacts facts() {
        return new DriveFacts(address.text(), found.sizeBytes(), found.blockBytes());
    }

    @Override
    public <T> T use(Function<BlockingDrive, T> action) {
        return use(namespace, health, (_, drive) -> action.apply(drive));
    }

    /** The same for several at once; who calls closes it. */
    RemoteDrive open() {
        return open(namespace, health);
    }

    static BlockingDrive asBlocking(RemoteDrive drive) {
        return blocking(drive);
    }

    @Override
    public OnReactor onReactor(Home home, Supplier<DriveRing> ring) {
        RemoteDrive drive = RemoteDrive.at(home, name, namespace, found, health, RandomGenerator.getDefault());
        if (drive.blockSizeBytes() <= SECTOR_BYTES) {
            return new OnReactor(drive, Optional.empty(), drive::close);
        }
        SectorDrive sectors = new SectorDrive(drive);
        return new OnReactor(sectors, Optional.empty(), () -> drive.close(sectors::close));
    }

    RemoteFacts remote() {
        return new RemoteFacts(
                address,
                namespace.host().nqn(),
                health.paths().stream().map(EngineRemoteDrive::info).toList(),
                health.resent(),
                health.timeouts(),
                health.held());
    }

    private static RemotePathInfo info(PathView path) {
        return new RemotePathInfo(
                path.portal(),
                path.state(),
                path.live() ? path.ana() : null,
                path.live() ? path.controllerId() : null,
                path.losses(),
                path.trouble().isEmpty() ? null : path.trouble());
    }

    /** Whether work has failed because no path had worked for the loss time, and nobody has said yet that it is back. */
    boolean gone() {
        return health.wasGone();
    }

    /** @return whether it is back */
    boolean returned() {
        if (health.gone()) {
            return false;
        }
        health.returned();
        return true;
    }

    @Override
    public Optional<String> failure() {
        if (gone()) {
            String reasons = health.paths().stream()
                    .map(path -> path.portal() + ": " + path.trouble())
                    .collect(Collectors.joining("; "));
            return Optional.of("no path to it works: " + reasons);
        }
        long errors = health.readErrors() + health.writeErrors();
        return errors == 0
                ? Optional.empty()
                : Optional.of("%s answered %d reads and %d writes with errors"
                        .formatted(namespace.nqn(), health.readErrors(), health.writeErrors()));
    }

    @Override
    public DriveErrors errors() {
        return new DriveErrors(health.readErrors(), health.writeErrors());
    }

    /** Nothing is open between two uses. */
    @Override
    public void close() {}
}
