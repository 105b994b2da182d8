package io.vnvme.control.service;

import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CloneSnapshot;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.RenameVnvme;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.model.UnlockVnvme;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can be done with virtual NVMe drives, in the shape that the API shows. */
public final class VnvmeService {
    private static final Logger LOG = System.getLogger(VnvmeService.class.getName());
    private static final int ATTACH_WAIT_MS = 10_000;
    private static final int DETACH_WAIT_MS = 30_000;
    private static final int WAIT_MS_MAX = 600_000;

    private final Registry registry;
    private final Volumes volumes;
    private final PoolChoice poolChoice;
    private final VnvmeView view;
    private final Attachments attachments;

    VnvmeService(Registry registry, Volumes volumes, PoolChoice poolChoice, VnvmeView view, Attachments attachments) {
        this.registry = registry;
        this.volumes = volumes;
        this.poolChoice = poolChoice;
        this.view = view;
        this.attachments = attachments;
    }

    /** All, in the order of creation. */
    public List<VnvmeInfo> list() {
        return registry.state().vnvmes().stream().map(view::info).toList();
    }

    /** @throws ProblemException when there is none of that name */
    public VnvmeInfo show(String name) {
        return view.info(volumes.require(name));
    }

    public VnvmeChange create(CreateVnvme request) {
        // What makes no sense is said before a pool is made for it.
        Names.checked(request.name());
        Names.checkedSize(request.sizeBytes());
        Names.checkedBlockSize(request.blockSizeBytes());
        Groups.checked(registry.state(), request.qos());
        Names.checkedDoorbells(request.doorbells());
        PoolChoice.Chosen pool = poolChoice.choose(request.pool());
        Volumes.Created created;
        try {
            created = volumes.create(request, pool.name());
        } catch (RuntimeException e) {
            poolChoice.undo(pool);
            throw e;
        }
        VnvmeRecord vnvme = created.vnvme();
        String outcome = "created %s: %s%s in pool %s, served on %s"
                .formatted(
                        vnvme.name(),
                        ByteSize.format(vnvme.sizeBytes()),
                        vnvme.thick() ? ", thick," : "",
                        vnvme.pool(),
                        volumes.exports().socket(vnvme.name()));
        return changed(vnvme, outcome, created, pool.words());
    }

    /** @throws ProblemException when there is no such snapshot, or the name is taken */
    public VnvmeChange cloneOf(CloneSnapshot request) {
        Names.Snapshot source = Names.Snapshot.parse(request.snapshot());
        Volumes.Created created = volumes.cloneOf(source, Names.checked(request.name()), request.msi());
        String outcome = "created %s: a clone of %s, served on %s"
                .formatted(
                        created.vnvme().name(),
                        source.name(),
                        volumes.exports().socket(created.vnvme().name()));
        return changed(created.vnvme(), outcome, created, List.of());
    }

    private VnvmeChange changed(VnvmeRecord vnvme, String outcome, Volumes.Created created, List<String> before) {
        LOG.log(Level.INFO, outcome);
        List<String> lines = new ArrayList<>(before);
        lines.add(outcome);
        return new VnvmeChange(
                view.info(vnvme), String.join("\n", lines), created.micros(), created.steps(), List.of());
    }

    /** Removes a vNVMe that nobody uses, and all that was written to it; its snapshots stay. */
    public void remove(String name) {
        attachments.whileFree(name, () -> volumes.remove(name));
        LOG.log(Level.INFO, "removed {0}", name);
    }

    /** Changes the size, also while a guest uses it. */
    public VnvmeInfo resize(String name, ResizeVnvme request) {
        return view.info(volumes.resize(name, request.sizeBytes(), request.shrink()));
    }

    /** Changes the name of a vNVMe that nobody uses. */
    public VnvmeInfo rename(String name, RenameVnvme request) {
        attachments.whileFree(name, () -> volumes.rename(name, request.name()));
        return show(String.valueOf(request.name()));
    }

    /** Opens an encrypted vNVMe. */
    public VnvmeInfo unlock(String name, UnlockVnvme request) {
        volumes.unlock(name, request.key());
        return show(name);
    }

    public VnvmeChange attach(String name, AttachVnvme request) {
        String qmp = request.qmp();
        if (qmp == null || qmp.isBlank()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "no QMP path: name the VM's -qmp socket");
        }
        Duration wait = wait(request.waitMs(), ATTACH_WAIT_MS);
        return change(name, attachments.attach(name, Path.of(qmp), request.forceSlow(), wait));
    }

    public VnvmeChange detach(String name, DetachVnvme request) {
        return change(name, attachments.detach(name, request.force(), wait(request.waitMs(), DETACH_WAIT_MS)));
    }

    private static Duration wait(@Nullable Integer waitMs, int defaultMs) {
        int ms = waitMs == null ? defaultMs : waitMs;
        if (ms < 0 || ms > WAIT_MS_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "a wait of %d ms: it is 0 to %d".formatted(ms, WAIT_MS_MAX));
        }
        return Duration.ofMillis(ms);
    }

    private VnvmeChange change(String name, Attachments.Outcome outcome) {
        LOG.log(Level.INFO, outcome.text());
        outcome.warnings().forEach(warning -> LOG.log(Level.WARNING, warning));
        return new VnvmeChange(show(name), outcome.text(), outcome.micros(), outcome.steps(), outcome.warnings());
    }

    List<String> warnings() {
        return view.warnings();
    }
}
