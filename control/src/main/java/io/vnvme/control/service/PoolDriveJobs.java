package io.vnvme.control.service;

import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.DriveNames;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.ReplaceDrive;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.PoolFacts;
import io.vnvme.control.plane.PoolPlan;
import io.vnvme.control.plane.Progress;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.PoolRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Drives that leave their pool, and those that are filled in a mirror: jobs that the pool itself remembers. */
final class PoolDriveJobs {
    private final Registry registry;
    private final DataPlane dataPlane;
    private final OpenDrives drives;
    private final OpenPools pools;
    private final Jobs jobs;

    PoolDriveJobs(Registry registry, DataPlane dataPlane, OpenDrives drives, OpenPools pools, Jobs jobs) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.drives = drives;
        this.pools = pools;
        this.jobs = jobs;
    }

    /** See {@link Pools#shrink}. */
    JobInfo shrink(String name, DriveNames request) {
        List<String> names = request.drives() == null ? List.of() : request.drives();
        if (names.size() != 1) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "%d drives: name the one to take out".formatted(names.size()));
        }
        String drive = names.getFirst();
        OpenPool pool = pools.require(name);
        PoolRecord record = pools.record(name);
        requireMember(record, drive);
        if (record.sets().size() == 1) {
            throw new ProblemException(
                    ProblemCode.POOL_REFUSED,
                    "pool %s would have no drive left: remove its volumes and destroy it instead".formatted(name));
        }
        long freeBytes = pool.facts().freeBytes();
        long leavingBytes = PoolLayout.setOf(record, drive).stream()
                .mapToLong(d ->
                        registry.state().drive(d).map(ClaimedDrive::sizeBytes).orElse(0L))
                .min()
                .orElse(0);
        if (freeBytes < leavingBytes && pool.facts().usedBytes() > pool.facts().sizeBytes() - leavingBytes) {
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "what is on %s does not fit on the others: pool %s has %s free; remove something or grow it first"
                            .formatted(drive, name, ByteSize.format(freeBytes)));
        }
        return shrink(name, pool, drives.id(drive), drive);
    }

    private JobInfo shrink(String name, OpenPool pool, UUID id, String drive) {
        JobPlan plan = new JobPlan.Shrink(pool.id().toString(), id.toString());
        return jobs.start(plan, drive, true, progress -> shrinkNow(name, drive, progress));
    }

    private String shrinkNow(String name, String drive, Progress progress) {
        HostFailure.shown(
                "pool %s could not be shrunk".formatted(name),
                () -> pools.require(name).shrink(drives.id(drive), progress));
        return left(name, drive);
    }

    private String left(String name, String drive) {
        return registry.exclusively(() -> {
            PoolRecord record = pools.record(name);
            List<String> out = PoolLayout.setOf(record, drive);
            List<List<String>> sets =
                    record.sets().stream().filter(set -> !set.equals(out)).toList();
            registry.update(state -> state.with(record.withSets(sets)));
            out.stream().filter(drives::isOpen).forEach(d -> dataPlane.freeDrive(drives.id(d), d));
            return "%s left pool %s and is free".formatted(String.join(", ", out), name);
        });
    }

    private static void requireMember(PoolRecord record, String drive) {
        if (!record.drives().contains(drive)) {
            throw new ProblemException(
                    ProblemCode.UNKNOWN_DRIVE,
                    "pool %s has no drive %s: it has %s"
                            .formatted(record.name(), drive, String.join(", ", record.drives())));
        }
    }

    /** See {@link Pools#replace}. */
    JobInfo replace(String name, ReplaceDrive request) {
        String old = Names.checked(request.old());
        String replacement = Names.checked(request.replacement());
        OpenPool pool = pools.require(name);
        return registry.exclusively(() -> {
            PoolRecord record = pools.record(name);
            requireMember(record, old);
            if (old.equals(replacement) && record.layout().equals(PoolPlan.MIRROR)) {
                return takeBack(name, pool, old);
            }
            if (!record.layout().equals(PoolPlan.MIRROR)) {
                throw new ProblemException(
                        ProblemCode.POOL_REFUSED,
                        "pool %s is no mirror: grow it by %s, then shrink it by %s".formatted(name, replacement, old));
            }
            drives.requireFree(replacement);
            PoolLayout.checkLarge(registry.state(), PoolLayout.setOf(record, old), replacement);
            UUID oldId = drives.id(old);
            UUID newId = drives.id(replacement);
            registry.update(state -> state.with(PoolLayout.replaced(record, old, replacement)));
            JobPlan plan = new JobPlan.Rebuild(pool.id().toString(), newId.toString());
            return jobs.start(plan, replacement, true, progress -> {
                HostFailure.shown(
                        "%s could not replace %s".formatted(replacement, old),
                        () -> pool.replace(oldId, newId, progress));
                if (drives.isOpen(old)) {
                    dataPlane.freeDrive(oldId, old);
                }
                return "%s is a full member of %s in the place of %s".formatted(replacement, name, old);
            });
        });
    }

    /** A drive of a mirror that failed, and is good again: it gets what it lacks. */
    private JobInfo takeBack(String name, OpenPool pool, String drive) {
        if (!drives.isOpen(drive)) {
            throw new ProblemException(
                    ProblemCode.DRIVE_MISSING, drives.failure(drive).orElse("drive %s is missing".formatted(drive)));
        }
        return rebuild(name, pool, drives.id(drive));
    }

    /** Begins, or goes on, to fill a drive of a mirror. */
    JobInfo rebuild(String name, OpenPool pool, UUID drive) {
        String driveName = driveName(drive);
        JobPlan plan = new JobPlan.Rebuild(pool.id().toString(), drive.toString());
        return jobs.start(plan, driveName, true, progress -> {
            pool.rejoin(drive, progress);
            return member(driveName, name);
        });
    }

    private static String member(String drive, String pool) {
        return "%s is a full member of %s again".formatted(drive, pool);
    }

    private String driveName(UUID drive) {
        return registry.state()
                .driveById(drive.toString())
                .map(ClaimedDrive::name)
                .orElse(drive.toString());
    }

    /** The pool is open: what it remembers goes on, and what had ended with it before anybody was told ends. */
    void poolOpened(String name, OpenPool pool) {
        Map<UUID, String> remembered = pool.interrupted();
        remembered.forEach((drive, work) -> {
            if (work.equals("shrink")) {
                shrink(name, pool, drive, driveName(drive));
            } else {
                rebuild(name, pool, drive);
            }
        });
        for (Jobs.Planned job : jobs.interrupted()) {
            if (job.plan().pool().equals(pool.id().toString())) {
                switch (job.plan()) {
                    case JobPlan.Shrink plan -> settle(name, pool, job, plan);
                    case JobPlan.Rebuild plan -> settle(name, pool, job, plan);
                    case JobPlan.Import _,
                            JobPlan.Export _,
                            JobPlan.Scrub _,
                            JobPlan.Move _,
                            JobPlan.Drain _,
                            JobPlan.Migrate _ -> {}
                }
            }
        }
    }

    private void settle(String name, OpenPool pool, Jobs.Planned job, JobPlan.Shrink plan) {
        boolean there = member(pool, plan.drive()).isPresent();
        jobs.start(plan, job.subject(), false, _ -> {
            if (there) {
                throw new ProblemException(
                        ProblemCode.POOL_UNAVAILABLE,
                        "the daemon ended before pool %s had noted it: shrink it again".formatted(name));
            }
            return pools.record(name).drives().contains(job.subject())
                    ? left(name, job.subject())
                    : "%s left pool %s".formatted(job.subject(), name);
        });
    }

    private void settle(String name, OpenPool pool, Jobs.Planned job, JobPlan.Rebuild plan) {
        Optional<PoolFacts.Member> member = member(pool, plan.drive());
        // One that is missing goes on when it is back.
        if (member.isEmpty() || member.get().state().equals("ok")) {
            jobs.start(plan, job.subject(), false, _ -> {
                if (member.isEmpty()) {
                    throw new ProblemException(
                            ProblemCode.POOL_UNAVAILABLE, "pool %s has no drive %s".formatted(name, job.subject()));
                }
                return member(job.subject(), name);
            });
        }
    }

    private static Optional<PoolFacts.Member> member(OpenPool pool, String drive) {
        return pool.facts().members().stream()
                .filter(m -> m.drive().toString().equals(drive))
                .findFirst();
    }
}
