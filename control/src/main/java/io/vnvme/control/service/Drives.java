package io.vnvme.control.service;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.Discover;
import io.vnvme.control.model.DiscoveryInfo;
import io.vnvme.control.model.DriveContents;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.RemoteDriveInfo;
import io.vnvme.control.model.SetDriveKeys;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DriveFacts;
import io.vnvme.control.plane.DriveLook;
import io.vnvme.control.plane.DriveSource;
import io.vnvme.control.plane.RemoteAddress;
import io.vnvme.control.plane.RemoteFacts;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Backing drives: those the daemon could take, and those it has taken control of. */
public final class Drives {
    private final Registry registry;
    private final DataPlane dataPlane;
    private final OpenDrives open;
    private final Map<String, RamOffer> offers = new LinkedHashMap<>();
    private final RemoteKeys keys;

    Drives(Registry registry, DataPlane dataPlane, OpenDrives open, List<RamOffer> offers, RemoteKeys keys) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.open = open;
        this.keys = keys;
        for (RamOffer offer : offers) {
            if (this.offers.put(offer.name(), offer) != null) {
                throw new IllegalArgumentException(
                        "two RAM drives named %s: give each its own name".formatted(offer.name()));
            }
        }
    }

    /** Claimed drives are opened again after a start; one that cannot be holds up no other. */
    void openClaimed() {
        for (ClaimedDrive drive : registry.state().drives()) {
            RamOffer offer = offers.get(drive.name());
            if (drive.kind().equals(DriveSource.RAM) && offer != null && offer.sizeBytes() != drive.sizeBytes()) {
                // Nothing of it survived anyway: what the daemon is started with now counts.
                registry.update(state -> state.with(new ClaimedDrive(
                        drive.name(), drive.uuid(), drive.kind(), "", offer.sizeBytes(), drive.claimedAt())));
            }
        }
        forgetKeys();
        open.openMissing();
    }

    /** Why drives are not usable. */
    List<String> failures() {
        return registry.state().drives().stream()
                .flatMap(d -> open.failure(d.name()).stream())
                .toList();
    }

    /** Claimed drives in the order of claiming, then those that are available. */
    public List<DriveInfo> list() {
        State state = registry.state();
        List<DriveInfo> infos = new ArrayList<>();
        state.drives().forEach(drive -> infos.add(info(drive, state)));
        offers.values().stream()
                .filter(offer -> state.drive(offer.name()).isEmpty())
                .map(offer -> new DriveInfo(
                        offer.name(),
                        DriveSource.RAM,
                        "available",
                        null,
                        null,
                        offer.sizeBytes(),
                        512,
                        null,
                        List.of(),
                        null))
                .forEach(infos::add);
        return infos;
    }

    /** @throws ProblemException when there is no drive of that name */
    public DriveInfo show(String name) {
        return list().stream().filter(d -> d.name().equals(name)).findFirst().orElseThrow(() -> unknown(name));
    }

    private DriveInfo info(ClaimedDrive drive, State state) {
        Optional<String> pool = state.poolOf(drive.name()).map(PoolRecord::name);
        Optional<String> failure = open.failure(drive.name());
        Optional<RemoteFacts> remote = dataPlane.remote(OpenDrives.id(drive));
        String condition = open.missing(drive.name())
                ? "missing"
                : failure.isPresent() ? "failed" : pool.isPresent() ? "in-pool" : "free";
        return new DriveInfo(
                drive.name(),
                drive.kind(),
                condition,
                drive.uuid(),
                drive.inMemory() ? null : drive.path(),
                drive.sizeBytes(),
                open.blockSizeBytes(drive.name()),
                pool.orElse(null),
                Stream.concat(failure.stream(), lostPaths(remote)).toList(),
                remote.map(this::remoteInfo).orElse(null));
    }

    private RemoteDriveInfo remoteInfo(RemoteFacts facts) {
        return new RemoteDriveInfo(
                facts.hostNqn(),
                facts.address().nqn(),
                facts.address().nsid(),
                facts.address().options().lossTime().toMillis(),
                facts.address().options().keepAlive().toMillis(),
                facts.address().options().tls(),
                keys.names(facts.address().nqn()),
                facts.resent(),
                facts.timeouts(),
                facts.held(),
                facts.paths());
    }

    private static Stream<String> lostPaths(Optional<RemoteFacts> remote) {
        return remote.stream()
                .flatMap(facts -> facts.paths().stream())
                .filter(path -> path.state().equals("lost"))
                .map(path -> "the path by %s is lost: %s".formatted(path.address(), path.trouble()));
    }

    /** Asks a discovery controller what may be claimed. */
    public DiscoveryInfo discover(Discover request) {
        String address = request.address();
        if (address == null || address.isBlank()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "no address: give HOST or HOST:PORT");
        }
        return dataPlane.discover(address);
    }

    private ProblemException unknown(String name) {
        String known = list().stream().map(DriveInfo::name).collect(Collectors.joining(", "));
        return new ProblemException(
                ProblemCode.UNKNOWN_DRIVE,
                known.isEmpty()
                        ? "no drive %s: this daemon knows none; claim a file or device by its path, or ram:512M"
                                .formatted(name)
                        : "no drive %s: there are %s; or name a file or device by its path".formatted(name, known));
    }

    private DriveSpec spec(ClaimDrive request) {
        String text = request.spec();
        if (text == null || text.isBlank()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "no drive named: give an offered one, ram:SIZE, the path of a file or block device, or nvme-tcp://HOST/NQN");
        }
        RamOffer offer = offers.get(text);
        if (offer != null) {
            return new DriveSpec(DriveSource.ram(offer.sizeBytes()), offer.name());
        }
        if (!text.startsWith("/") && !DriveSpec.inMemory(text) && !DriveSpec.isRemote(text)) {
            throw registry.state().drive(text).isPresent() ? claimedAlready(text) : unknown(text);
        }
        DriveSpec spec = DriveSpec.parse(text, request.sizeBytes());
        SetDriveKeys wanted = request.keys();
        if (wanted == null) {
            return spec;
        }
        if (!spec.source().isRemote()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "keys were given: they are for remote drives, nvme-tcp://HOST/NQN");
        }
        String tls = wanted.tls();
        // Written down, so that it is not reached in the clear should the key be lost.
        return tls == null || tls.isBlank()
                ? spec
                : new DriveSpec(
                        DriveSource.remote(
                                RemoteAddress.parse(spec.source().path()).encrypted()),
                        spec.name());
    }

    /** Tries the keys that a request has, for a drive that needs some. */
    private RemoteKeys.Trial trial(DriveSource source, ClaimDrive request) {
        return source.isRemote()
                ? keys.trial(RemoteAddress.parse(source.path()).nqn(), request.keys())
                : keys.trial("", null);
    }

    /** Of targets that no drive is at any more, and no exported pool. */
    private void forgetKeys() {
        State state = registry.state();
        Set<String> used = Stream.concat(
                        state.drives().stream().map(ClaimedDrive::path),
                        state.exported().stream().flatMap(pool -> pool.paths().stream()))
                .filter(DriveSpec::isRemote)
                .map(path -> RemoteAddress.parse(path).nqn())
                .collect(Collectors.toSet());
        keys.keep(used::contains);
    }

    /** Changes the keys of a remote drive, and of all that lie at the same subsystem: from the next connection on. */
    public DriveInfo keys(String name, SetDriveKeys wanted) {
        return registry.exclusively(() -> {
            show(name);
            ClaimedDrive drive = registry.state()
                    .drive(name)
                    .filter(d -> DriveSpec.isRemote(d.path()))
                    .orElseThrow(() -> new ProblemException(
                            ProblemCode.BAD_REQUEST,
                            "drive %s has no keys: remote drives have, nvme-tcp://HOST/NQN".formatted(name)));
            RemoteAddress address = RemoteAddress.parse(drive.path());
            String tls = wanted.tls();
            if (tls != null && tls.isBlank() == address.options().tls()) {
                throw new ProblemException(
                        ProblemCode.BAD_REQUEST,
                        "drive %s is %s: release it, and claim it again %s its TLS key"
                                .formatted(
                                        name,
                                        address.options().tls() ? "reached by TLS alone" : "not reached by TLS",
                                        address.options().tls() ? "without" : "with"));
            }
            keys.set(address.nqn(), wanted);
            return show(name);
        });
    }

    private static ProblemException claimedAlready(String name) {
        return new ProblemException(
                ProblemCode.DRIVE_ALREADY_CLAIMED, "drive %s is claimed already: use it".formatted(name));
    }

    /** What claiming a drive by force would destroy. */
    public DriveContents contents(ClaimDrive request) {
        DriveSpec spec = spec(request);
        if (spec.source().inMemory()) {
            // It is made when it is claimed: nothing can be on it.
            return new DriveContents(
                    String.valueOf(request.spec()), spec.source().sizeBytes(), List.of(), null);
        }
        DriveLook look;
        try (RemoteKeys.Trial _ = trial(spec.source(), request)) {
            look = dataPlane.look(spec.source());
        }
        List<String> refusals = new ArrayList<>(look.uses());
        inState(look).map(d -> claimedAlready(d.name()).detail()).ifPresent(refusals::add);
        return new DriveContents(
                String.valueOf(request.spec()),
                look.sizeBytes(),
                look.contents(),
                refusals.isEmpty() ? null : refusals.getFirst());
    }

    private Optional<ClaimedDrive> inState(DriveLook look) {
        return look.superblock()
                .flatMap(s -> registry.state().driveById(s.drive().toString()));
    }

    /** Takes control of a drive. */
    public DriveInfo claim(ClaimDrive request) {
        DriveSpec spec = spec(request);
        return registry.exclusively(() -> {
            DriveSource source = spec.source();
            String name = name(spec, request.name());
            UUID id = UUID.randomUUID();
            try (RemoteKeys.Trial trial = trial(source, request);
                    Steps steps = new Steps("claim " + name)) {
                if (!source.inMemory()) {
                    check(dataPlane.look(source), request.force());
                }
                DriveFacts facts = steps.get(
                        "take drive",
                        () -> HostFailure.shown(
                                "drive %s could not be claimed".formatted(request.spec()),
                                () -> dataPlane.claim(source, id, name, request.force())),
                        () -> dataPlane.releaseDrive(id));
                steps.run("keep keys", trial::keep, trial::revert);
                ClaimedDrive drive =
                        new ClaimedDrive(name, id.toString(), source.kind(), facts.path(), facts.sizeBytes(), now());
                steps.run("save state", () -> registry.update(state -> state.with(drive)));
                open.opened(name, facts);
                steps.done();
            }
            return show(name);
        });
    }

    static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private String name(DriveSpec spec, @Nullable String wanted) {
        Predicate<String> claimed = n -> registry.state().drive(n).isPresent();
        if (wanted != null) {
            Names.checked(wanted);
            if (claimed.test(wanted)) {
                throw new ProblemException(
                        ProblemCode.NAME_TAKEN, "there is a drive %s already: choose another name".formatted(wanted));
            }
            return wanted;
        }
        if (offers.containsKey(spec.name())) {
            if (claimed.test(spec.name())) {
                throw claimedAlready(spec.name());
            }
            return spec.name();
        }
        if (spec.source().inMemory()) {
            int n = 0;
            while (claimed.test(spec.name() + n) || offers.containsKey(spec.name() + n)) {
                n++;
            }
            return spec.name() + n;
        }
        return Names.free(spec.name(), n -> claimed.test(n) || offers.containsKey(n));
    }

    private void check(DriveLook look, boolean force) {
        String path = look.source().path();
        inState(look).ifPresent(d -> {
            throw new ProblemException(
                    ProblemCode.DRIVE_ALREADY_CLAIMED,
                    "%s is drive %s, which is claimed already: use it".formatted(path, d.name()));
        });
        if (!look.exists() && look.source().sizeBytes() == 0) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "there is no %s: give --size to have it made".formatted(path));
        }
        if (look.exists() && look.source().sizeBytes() != 0 && look.source().sizeBytes() != look.sizeBytes()) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE,
                    "%s is there with %s: leave the size out, or name another file"
                            .formatted(path, ByteSize.format(look.sizeBytes())));
        }
        if (look.exists() && look.sizeBytes() < DriveSpec.SIZE_MIN) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE,
                    "%s has %s: a drive has at least 16 MiB".formatted(path, ByteSize.format(look.sizeBytes())));
        }
        if (!look.uses().isEmpty()) {
            throw new ProblemException(
                    ProblemCode.DRIVE_IN_USE,
                    "%s%s: what is in use is not claimed, not even by force; nothing was changed"
                            .formatted(
                                    String.join("; ", look.uses()),
                                    look.contents().isEmpty()
                                            ? ""
                                            : ", and holds " + String.join("; ", look.contents())));
        }
        if (!look.contents().isEmpty() && !force) {
            throw new ProblemException(
                    ProblemCode.DRIVE_HOLDS_DATA,
                    "%s holds %s: nothing was changed; --force destroys that"
                            .formatted(path, String.join("; ", look.contents())));
        }
    }

    /** Gives up control of a drive that is in no pool. */
    public DriveInfo release(String name) {
        return registry.exclusively(() -> {
            DriveInfo info = show(name);
            if (info.state().equals("available")) {
                throw new ProblemException(
                        ProblemCode.DRIVE_NOT_CLAIMED,
                        "drive %s is not claimed: there is nothing to release".formatted(name));
            }
            if (info.pool() != null) {
                throw new ProblemException(
                        ProblemCode.DRIVE_IN_USE,
                        "drive %s belongs to pool %s: take it out ('vnvme pool shrink %2$s %1$s'), or destroy or export the pool first"
                                .formatted(name, info.pool()));
            }
            UUID id = open.id(name);
            registry.update(state -> state.withoutDrive(name));
            if (open.isOpen(name)) {
                dataPlane.releaseDrive(id);
            }
            dataPlane.forget(id);
            open.closed(name);
            forgetKeys();
            return offers.containsKey(name) ? show(name) : info;
        });
    }
}
