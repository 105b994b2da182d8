package io.vnvme.control.service;

import io.vnvme.control.job.JobProgress;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Qos;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.VolumeAttributes;
import io.vnvme.control.plane.VolumeIo;
import io.vnvme.control.plane.VolumeSpec;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.transfer.ImageSource;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.frontend.vfiouser.DoorbellAccess;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Files that become volumes. Nobody is shown such a volume before it is whole, and nothing is left of one that will not be. */
final class ImageImport {
    private static final String SCRATCH_PREFIX = "import-";

    private final Registry registry;
    private final OpenPools pools;
    private final Volumes volumes;
    private final PoolChoice poolChoice;
    private final Keys keys;
    private final Jobs jobs;
    private final Path scratch;

    /** @param scratch folder for images that are converted */
    ImageImport(
            Registry registry,
            OpenPools pools,
            Volumes volumes,
            PoolChoice poolChoice,
            Keys keys,
            Jobs jobs,
            Path scratch) {
        this.registry = registry;
        this.pools = pools;
        this.volumes = volumes;
        this.poolChoice = poolChoice;
        this.keys = keys;
        this.jobs = jobs;
        this.scratch = scratch;
    }

    /** See {@link Transfers#importFile}. */
    JobInfo begin(ImportVolume request) {
        CreateVnvme wanted = request.vnvme();
        if (wanted == null) {
            throw new ProblemException(ProblemCode.BAD_NAME, "no name for the vNVMe: say how it shall be called");
        }
        String name = Names.checked(wanted.name());
        int blockSizeBytes = Names.checkedBlockSize(wanted.blockSizeBytes());
        Path file = Transfers.path(request.file());
        ImageSource source = ImageSource.open(file, request.format());
        long sizeBytes = size(wanted.sizeBytes(), source);
        Qos qos = Groups.checked(registry.state(), wanted.qos());
        OpenPool pool = pools.require(poolChoice.choose(wanted.pool()).name());
        volumes.checkFree(name, pool);
        Volumes.checkThick(wanted.thick(), sizeBytes, pool.name(), pool);
        UUID id = UUID.randomUUID();
        DoorbellAccess doorbells = Names.checkedDoorbells(wanted.doorbells());
        JobPlan.Import plan = new JobPlan.Import(
                pool.id().toString(),
                id.toString(),
                file.toString(),
                source.format(),
                source.identity(),
                qos,
                wanted.key() != null,
                wanted.key() == null ? null : wanted.key().file(),
                null,
                0);
        return jobs.start(
                plan,
                name,
                true,
                progress -> cleaned(plan, pool, progress, () -> {
                    Keys.Made key = keys.make(wanted.key());
                    VolumeSpec spec = new VolumeSpec(
                            Transfers.UNFINISHED + name,
                            id,
                            sizeBytes,
                            blockSizeBytes,
                            wanted.thick(),
                            wanted.checksum(),
                            Instant.now(),
                            new VolumeAttributes(wanted.msi(), doorbells, key.slots()).bytes());
                    try (@Nullable VolumeKey secret = key.key()) {
                        HostFailure.shown(
                                "%s could not be made in pool %s".formatted(name, pool.name()),
                                () -> pool.create(spec, secret));
                        keys.opened(id, key);
                    }
                    return fill(name, plan, source, pool, progress);
                }));
    }

    private static long size(long wantedBytes, ImageSource source) {
        if (wantedBytes == 0) {
            return Names.checkedSize((source.sizeBytes() + 4095) & -4096L);
        }
        Names.checkedSize(wantedBytes);
        if (wantedBytes < source.sizeBytes()) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE,
                    "the image has %s: a vNVMe of %s is too small for it"
                            .formatted(ByteSize.format(source.sizeBytes()), ByteSize.format(wantedBytes)));
        }
        return wantedBytes;
    }

    /** Goes on where an earlier daemon was. */
    void goOn(String name, JobPlan.Import plan, OpenPool pool) {
        jobs.start(
                plan,
                name,
                true,
                progress -> cleaned(plan, pool, progress, () -> {
                    LayerFacts volume = find(plan, pool)
                            .orElseThrow(() -> new ProblemException(
                                    ProblemCode.VNVME_UNAVAILABLE,
                                    "pool %s does not have what was filled, since it is in RAM or that had only just begun: begin again"
                                            .formatted(pool.name())));
                    if (!volume.name().startsWith(Transfers.UNFINISHED)) {
                        // It was whole, and only nobody was told any more.
                        removeScratch(plan);
                        return filled(name, plan);
                    }
                    ImageSource source = ImageSource.openUnchanged(Path.of(plan.file()), plan.format(), plan.source());
                    unlock(volume.name(), plan, pool);
                    return fill(name, plan, source, pool, progress);
                }));
    }

    /** Does it; when it fails, nothing is left of the volume. */
    private String cleaned(JobPlan.Import plan, OpenPool pool, JobProgress progress, Supplier<String> work) {
        try {
            return work.get();
        } catch (RuntimeException e) {
            if (!progress.interrupted()) {
                removeScratch(plan);
                Steps.undo("import of " + plan.file(), "volume", () -> removeVolume(plan, pool));
                keys.forget(plan.volume());
            }
            throw e;
        }
    }

    private void unlock(String volume, JobPlan.Import plan, OpenPool pool) {
        if (plan.encrypted()) {
            try (@Nullable VolumeKey key = keys.open(volume, pool, Keys.kept(plan.keyFile()))) {
                if (key != null) {
                    pool.unlock(volume, key);
                }
            }
        }
    }

    private String fill(String name, JobPlan.Import begun, ImageSource source, OpenPool pool, JobProgress progress) {
        JobPlan.Import plan = source.raw() ? begun : converted(begun, source, progress);
        try {
            Path raw = plan.raw() == null ? Path.of(plan.file()) : Path.of(plan.raw());
            String unfinished = Transfers.UNFINISHED + name;
            try (VolumeIo io = pool.open(unfinished, null)) {
                source.copy(raw, io, plan.doneBytes(), progress, done -> progress.mark(plan.done(done)));
            }
            volumes.filled(unfinished, name, pool, plan.qos(), plan.keyFile());
        } catch (RuntimeException e) {
            if (!progress.interrupted()) {
                removeScratch(plan);
            }
            throw e;
        }
        removeScratch(plan);
        return filled(name, plan);
    }

    private static String filled(String name, JobPlan.Import plan) {
        return "%s has the content of %s (%s)".formatted(name, plan.file(), plan.format());
    }

    /** With the image as raw: the one that there is, if it is whole. */
    private JobPlan.Import converted(JobPlan.Import plan, ImageSource source, JobProgress progress) {
        if (scratchFile(plan).filter(source::isConverted).isPresent()) {
            return plan;
        }
        removeScratch(plan);
        JobPlan.Import next = plan.converted(
                scratch.resolve(SCRATCH_PREFIX + UUID.randomUUID() + ".raw").toString());
        // Noted before it is there: a crash leaves nothing that nobody knows.
        progress.mark(next);
        source.convert(Path.of(String.valueOf(next.raw())), progress);
        return next;
    }

    private static Optional<LayerFacts> find(JobPlan.Import plan, OpenPool pool) {
        return pool.layers().stream()
                .filter(l -> l.id().toString().equals(plan.volume()))
                .findFirst();
    }

    private static void removeVolume(JobPlan.Import plan, OpenPool pool) {
        find(plan, pool)
                .map(LayerFacts::name)
                .filter(name -> name.startsWith(Transfers.UNFINISHED))
                .ifPresent(pool::remove);
    }

    /** Removes the converted image. */
    void removeScratch(JobPlan.Import plan) {
        scratchFile(plan).ifPresent(ImageSource::removeConverted);
    }

    /** What a plan names, if this can have made it: a list of jobs that says otherwise has nothing else removed or read. */
    private Optional<Path> scratchFile(JobPlan.Import plan) {
        return Optional.ofNullable(plan.raw())
                .map(Path::of)
                .filter(raw -> scratch.equals(raw.getParent()))
                .filter(raw -> raw.getFileName().toString().startsWith(SCRATCH_PREFIX));
    }
}
