package io.vnvme.control.service;

import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DiffRange;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.Progress;
import io.vnvme.control.plane.VolumeIo;
import io.vnvme.control.transfer.ImageSource;
import io.vnvme.control.transfer.VolumeExport;
import io.vnvme.crypto.VolumeKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Volumes to and from files on the daemon's host, as jobs. */
public final class Transfers {
    /** No name that a person can give begins like this: what has it is unfinished, and goes when its pool is opened. */
    static final String UNFINISHED = "~";

    private final Registry registry;
    private final OpenPools pools;
    private final Volumes volumes;
    private final PoolChoice poolChoice;
    private final Keys keys;
    private final Jobs jobs;
    private final Path scratch;

    Transfers(
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

    private static Path path(@Nullable String text) {
        if (text == null || !text.startsWith("/")) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "'%s' is no absolute path of a file".formatted(text == null ? "" : text));
        }
        return Path.of(text).normalize();
    }

    /** Begins to copy a volume, as it is now, or a snapshot into a file. */
    public JobInfo export(ExportVolume request) {
        String source = request.source() == null ? "" : request.source();
        Path file = path(request.file());
        String format = request.format() == null ? formatOf(file) : request.format();
        if (!format.equals("raw") && !format.equals("qcow2")) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "'%s' is no format: it is raw or qcow2".formatted(format));
        }
        if (Files.exists(file)) {
            throw new ProblemException(
                    ProblemCode.FILE_REFUSED, "%s is there already: remove it, or name another".formatted(file));
        }
        Path folder = file.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new ProblemException(ProblemCode.FILE_REFUSED, "there is no folder for %s".formatted(file));
        }
        OpenPool pool;
        if (source.contains("@")) {
            Names.Snapshot.parse(source);
            pool = Snapshots.poolWith(pools, registry.state(), source);
        } else {
            pool = volumes.poolOf(source);
        }
        VolumeKey key = key(pool, source, request.key());
        try {
            return source.contains("@")
                    ? jobs.start("export", source, true, progress -> copyOut(pool, source, key, file, format, progress))
                    : exportAsItIs(pool, source, key, file, format);
        } catch (RuntimeException e) {
            if (key != null) {
                key.close();
            }
            throw e;
        }
    }

    private JobInfo exportAsItIs(OpenPool pool, String source, @Nullable VolumeKey key, Path file, String format) {
        String moment = source + "@" + UNFINISHED + "export-" + Long.toHexString(System.nanoTime());
        HostFailure.shown("%s cannot be kept as it is now".formatted(source), () -> pool.snapshot(source, moment));
        return startOrUndo(
                pool,
                moment,
                () -> jobs.start("export", source, true, progress -> {
                    try {
                        return copyOut(pool, moment, key, file, format, progress);
                    } finally {
                        pool.remove(moment);
                    }
                }));
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

    private static JobInfo startOrUndo(OpenPool pool, String layer, Supplier<JobInfo> start) {
        try {
            return start.get();
        } catch (RuntimeException e) {
            pool.remove(layer);
            throw e;
        }
    }

    /** What a file of that name is taken for by whoever reads it. */
    private static String formatOf(Path file) {
        return file.toString().endsWith(".qcow2") ? "qcow2" : "raw";
    }

    private static String copyOut(
            OpenPool pool, String source, @Nullable VolumeKey key, Path file, String format, Progress progress) {
        try (key;
                VolumeIo io = pool.open(source, key)) {
            List<DiffRange> data = pool.diff(Optional.empty(), source).stream()
                    .filter(r -> r.kind().equals("data"))
                    .toList();
            VolumeExport.run(io, data, file, format, progress);
            return "%s holds it, as %s%s".formatted(file, format, key == null ? "" : ", not encrypted");
        }
    }

    /** Begins to make a vNVMe with the content of a file. */
    public JobInfo importFile(ImportVolume request) {
        CreateVnvme wanted = request.vnvme();
        if (wanted == null) {
            throw new ProblemException(ProblemCode.BAD_NAME, "no name for the vNVMe: say how it shall be called");
        }
        String name = Names.checked(wanted.name());
        ImageSource source = ImageSource.open(path(request.file()), request.format());
        long sizeBytes = size(wanted.sizeBytes(), source);
        PoolChoice.Chosen chosen = poolChoice.choose(wanted.pool());
        OpenPool pool = pools.require(chosen.name());
        volumes.checkFree(name, pool);
        CreateVnvme filled = new CreateVnvme(
                name,
                sizeBytes,
                chosen.name(),
                wanted.thick(),
                wanted.msi(),
                wanted.blockSizeBytes(),
                wanted.checksum(),
                wanted.doorbells(),
                wanted.key(),
                wanted.qos());
        return jobs.start("import", name, true, progress -> {
            volumes.createFilled(filled, pool, io -> source.copyTo(io, scratch, progress));
            return "%s has the content of %s (%s)".formatted(name, request.file(), source.format());
        });
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
}
