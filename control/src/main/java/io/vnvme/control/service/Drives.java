package io.vnvme.control.service;

import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Backing drives: those the daemon could take, and those it has taken control of. */
public final class Drives {
    private static final String RAM = "ram";

    private final Registry registry;
    private final DataPlane dataPlane;
    private final Map<String, RamOffer> offers = new LinkedHashMap<>();
    private final Map<String, String> failures = new ConcurrentHashMap<>();

    Drives(Registry registry, DataPlane dataPlane, List<RamOffer> offers) {
        this.registry = registry;
        this.dataPlane = dataPlane;
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
            if (offer != null && offer.sizeBytes() != drive.sizeBytes()) {
                failures.put(
                        drive.name(),
                        "drive %s was claimed with %d bytes and is now offered with %d: start the daemon with its old size, or release it"
                                .formatted(drive.name(), drive.sizeBytes(), offer.sizeBytes()));
                continue;
            }
            try {
                dataPlane.openDrive(drive);
            } catch (RuntimeException e) {
                failures.put(drive.name(), "drive %s could not be opened: %s".formatted(drive.name(), e.getMessage()));
            }
        }
    }

    /** Why drives are not usable, by name. */
    Map<String, String> failures() {
        return Map.copyOf(failures);
    }

    /** Claimed drives in the order of claiming, then those that are available. */
    public List<DriveInfo> list() {
        State state = registry.state();
        List<DriveInfo> infos = new ArrayList<>();
        state.drives().forEach(drive -> infos.add(info(drive, state)));
        offers.values().stream()
                .filter(offer -> state.drive(offer.name()).isEmpty())
                .map(offer -> new DriveInfo(offer.name(), RAM, "available", offer.sizeBytes(), 0, 0, 0))
                .forEach(infos::add);
        return infos;
    }

    /** @throws ProblemException when there is no drive of that name */
    public DriveInfo show(String name) {
        return list().stream().filter(d -> d.name().equals(name)).findFirst().orElseThrow(() -> unknown(name));
    }

    private static DriveInfo info(ClaimedDrive drive, State state) {
        List<VnvmeRecord> taken = state.vnvmesOn(drive.name());
        return new DriveInfo(
                drive.name(),
                drive.kind(),
                "claimed",
                drive.sizeBytes(),
                Allocation.freeBytes(drive, taken),
                Allocation.largestFreeBytes(drive, taken),
                taken.size());
    }

    private ProblemException unknown(String name) {
        String known = list().stream().map(DriveInfo::name).collect(Collectors.joining(", "));
        return new ProblemException(
                ProblemCode.UNKNOWN_DRIVE,
                known.isEmpty()
                        ? "no drive %s: this daemon knows none; start it with --ram ram0=512M to have an embedded one"
                                .formatted(name)
                        : "no drive %s: there are %s".formatted(name, known));
    }

    /**
     * Takes control of a drive.
     *
     * @param spec name of an available drive
     */
    public DriveInfo claim(String spec) {
        return registry.exclusively(() -> {
            if (registry.state().drive(spec).isPresent()) {
                throw new ProblemException(
                        ProblemCode.DRIVE_ALREADY_CLAIMED, "drive %s is claimed already: use it".formatted(spec));
            }
            RamOffer offer = offers.get(spec);
            if (offer == null) {
                throw unknown(spec);
            }
            ClaimedDrive drive = new ClaimedDrive(
                    offer.name(),
                    RAM,
                    offer.sizeBytes(),
                    Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
            try (Steps steps = new Steps("claim " + spec)) {
                steps.run("open drive", () -> open(drive), () -> dataPlane.closeDrive(spec));
                steps.run("save state", () -> registry.update(state -> state.with(drive)));
                steps.done();
            }
            return show(spec);
        });
    }

    private void open(ClaimedDrive drive) {
        try {
            dataPlane.openDrive(drive);
        } catch (ProblemException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED,
                    "drive %s could not be opened: %s".formatted(drive.name(), e.getMessage()),
                    e);
        }
    }

    /** Gives up control of a drive that carries no vNVMe. */
    public DriveInfo release(String name) {
        return registry.exclusively(() -> {
            DriveInfo info = show(name);
            if (info.state().equals("available")) {
                throw new ProblemException(
                        ProblemCode.DRIVE_NOT_CLAIMED,
                        "drive %s is not claimed: there is nothing to release".formatted(name));
            }
            List<VnvmeRecord> onIt = registry.state().vnvmesOn(name);
            if (!onIt.isEmpty()) {
                throw new ProblemException(
                        ProblemCode.DRIVE_IN_USE,
                        "drive %s carries %s: remove them first (vnvme rm NAME)"
                                .formatted(
                                        name,
                                        onIt.stream().map(VnvmeRecord::name).collect(Collectors.joining(", "))));
            }
            registry.update(state -> state.withoutDrive(name));
            if (failures.remove(name) == null) {
                dataPlane.closeDrive(name);
            }
            return offers.containsKey(name) ? show(name) : info;
        });
    }

    /**
     * The claimed drive that a new volume goes to: the named one, or the one with the largest gap.
     *
     * @throws ProblemException when there is none, or the named one is not claimed or not usable
     */
    ClaimedDrive choose(Optional<String> name) {
        State state = registry.state();
        if (name.isPresent()) {
            DriveInfo info = show(name.get());
            String failure = failures.get(info.name());
            if (failure != null) {
                throw new ProblemException(ProblemCode.HOST_REFUSED, failure);
            }
            return state.drive(info.name())
                    .orElseThrow(() -> new ProblemException(
                            ProblemCode.DRIVE_NOT_CLAIMED,
                            "drive %s is not claimed: take control of it with 'vnvme drive claim %<s'"
                                    .formatted(info.name())));
        }
        return state.drives().stream()
                .filter(drive -> !failures.containsKey(drive.name()))
                .max(Comparator.comparingLong(
                        drive -> Allocation.largestFreeBytes(drive, state.vnvmesOn(drive.name()))))
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.NO_DRIVE,
                        "no drive is claimed: see 'vnvme drive ls' and take one with 'vnvme drive claim NAME'"));
    }
}
