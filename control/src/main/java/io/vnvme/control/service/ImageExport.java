package io.vnvme.control.service;

import io.vnvme.control.job.JobProgress;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.DiffRange;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.VolumeAttributes;
import io.vnvme.control.plane.VolumeIo;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.transfer.VolumeExport;
import io.vnvme.crypto.VolumeKey;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Volumes and snapshots that become files. A volume is kept as it is now by a snapshot for this alone. */
final class ImageExport {
    private final Registry registry;
    private final OpenPools pools;
    private final Volumes volumes;
    private final Keys keys;
    private final Jobs jobs;

    ImageExport(Registry registry, OpenPools pools, Volumes volumes, Keys keys, Jobs jobs) {
        this.registry = registry;
        this.pools = pools;
        this.volumes = volumes;
        this.keys = keys;
        this.jobs = jobs;
    }

    /** See {@link Transfers#export}. */
    JobInfo begin(ExportVolume request) {
        String source = request.source() == null ? "" : request.source();
        Path file = Transfers.path(request.file());
        String format = request.format() == null ? formatOf(file) : request.format();
        if (!format.equals("raw") && !format.equals("qcow2")) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "'%s' is no format: it is raw or qcow2".formatted(format));
        }
        VolumeExport.checkFree(file);
        boolean asItIs = !source.contains("@");
        if (!asItIs) {
            Names.Snapshot.parse(source);
        }
        // No move begins or ends in between: it would not know of what is kept here, and this not of where it went.
        return registry.exclusively(() -> begin(source, asItIs, file, format, request.key()));
    }

    private JobInfo begin(String source, boolean asItIs, Path file, String format, @Nullable KeySource given) {
        OpenPool pool = asItIs ? volumes.poolOf(source) : Snapshots.poolWith(pools, registry.state(), source);
        VolumeKey key = key(pool, source, given);
        String snapshot = source;
        try {
            if (asItIs) {
                String moment = source + "@" + Transfers.UNFINISHED + "export-" + Long.toHexString(System.nanoTime());
                keep(source, pool, moment);
                snapshot = moment;
            }
            JobPlan.Export plan = new JobPlan.Export(
                    pool.id().toString(),
                    Snapshots.require(pool, snapshot).id().toString(),
                    file.toString(),
                    format,
                    key != null,
                    given == null ? null : given.file(),
                    null,
                    0);
            return jobs.start(plan, source, true, progress -> copyOut(plan, pool, key, progress));
        } catch (RuntimeException e) {
            if (key != null) {
                key.close();
            }
            if (!snapshot.equals(source)) {
                pool.remove(snapshot);
            }
            throw e;
        }
    }

    private void keep(String source, OpenPool pool, String moment) {
        volumes.requireStill(source);
        HostFailure.shown("%s cannot be kept as it is now".formatted(source), () -> {
            pool.snapshot(source, moment);
            return moment;
        });
    }

    /** What lies open in a file afterwards is asked for with the key, also when the daemon has it. */
    private @Nullable VolumeKey key(OpenPool pool, String source, @Nullable KeySource given) {
        boolean encrypted = VolumeAttributes.parse(
                        Snapshots.require(pool, source).attributes())
                .encrypted();
        if (encrypted && given == null) {
            throw new ProblemException(
                    ProblemCode.WRONG_KEY,
                    "%s is encrypted, the file will not be: say so with its key, --key-file FILE or --passphrase"
                            .formatted(source));
        }
        return given == null ? null : keys.open(source, pool, given);
    }

    /** What a file of that name is taken for by whoever reads it. */
    private static String formatOf(Path file) {
        return file.toString().endsWith(".qcow2") ? "qcow2" : "raw";
    }

    /** Goes on where an earlier daemon was. */
    void goOn(String source, JobPlan.Export plan, OpenPool pool) {
        jobs.start(plan, source, true, progress -> {
            VolumeKey key = null;
            if (plan.encrypted()) {
                try {
                    key = keys.open(snapshot(plan, pool).name(), pool, Keys.kept(plan.keyFile()));
                } catch (RuntimeException e) {
                    clean(plan, pool);
                    throw e;
                }
            }
            return copyOut(plan, pool, key, progress);
        });
    }

    private static String copyOut(JobPlan.Export plan, OpenPool pool, @Nullable VolumeKey key, JobProgress progress) {
        Path file = Path.of(plan.file());
        VolumeExport.Target target = new VolumeExport.Target(
                file,
                plan.format(),
                Optional.ofNullable(plan.part()),
                plan.doneBytes(),
                (part, doneBytes) -> progress.mark(plan.done(part, doneBytes)));
        try (key) {
            if (VolumeExport.finished(file, target.part())) {
                // It had got its name, and only nobody was told any more.
                clean(plan, pool);
                return exported(plan);
            }
            String snapshot = snapshot(plan, pool).name();
            try (VolumeIo io = pool.open(snapshot, key)) {
                List<DiffRange> data = pool.diff(Optional.empty(), snapshot).stream()
                        .filter(r -> r.kind().equals("data"))
                        .toList();
                VolumeExport.run(io, data, target, progress);
            }
        } catch (RuntimeException e) {
            if (!progress.interrupted()) {
                clean(plan, pool);
            }
            throw e;
        }
        removeMoment(plan, pool);
        return exported(plan);
    }

    private static String exported(JobPlan.Export plan) {
        return "%s holds it, as %s%s".formatted(plan.file(), plan.format(), plan.encrypted() ? ", not encrypted" : "");
    }

    private static void clean(JobPlan.Export plan, OpenPool pool) {
        removePart(plan);
        Steps.undo("export to " + plan.file(), "snapshot", () -> removeMoment(plan, pool));
    }

    private static LayerFacts snapshot(JobPlan.Export plan, OpenPool pool) {
        return find(plan, pool)
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.UNKNOWN_SNAPSHOT,
                        "what was to be copied into %s is in pool %s no more".formatted(plan.file(), pool.name())));
    }

    private static Optional<LayerFacts> find(JobPlan.Export plan, OpenPool pool) {
        return pool.layers().stream()
                .filter(l -> l.id().toString().equals(plan.snapshot()))
                .findFirst();
    }

    private static void removeMoment(JobPlan.Export plan, OpenPool pool) {
        find(plan, pool)
                .map(LayerFacts::name)
                .filter(name -> name.contains(Transfers.UNFINISHED))
                .ifPresent(pool::remove);
    }

    /** Nothing is left of a file that will not be whole. */
    static void removePart(JobPlan.Export plan) {
        VolumeExport.removePart(Path.of(plan.file()), Optional.ofNullable(plan.part()));
    }
}
