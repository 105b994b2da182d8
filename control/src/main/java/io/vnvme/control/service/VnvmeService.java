package io.vnvme.control.service;

import io.vnvme.control.model.AttachToVm;
import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.AttachmentInfo;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CloneSnapshot;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachFromVm;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.RecipeInfo;
import io.vnvme.control.model.RenameVnvme;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.model.TcpAccess;
import io.vnvme.control.model.UnlockVnvme;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.Recipe;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private final Vms vms;
    private final TcpPorts ports;
    private final Hosts hosts;

    VnvmeService(
            Registry registry,
            Volumes volumes,
            PoolChoice poolChoice,
            VnvmeView view,
            Attachments attachments,
            Vms vms,
            TcpPorts ports,
            Hosts hosts) {
        this.registry = registry;
        this.volumes = volumes;
        this.poolChoice = poolChoice;
        this.view = view;
        this.attachments = attachments;
        this.vms = vms;
        this.ports = ports;
        this.hosts = hosts;
    }

    /** All, in the order of creation. */
    public List<VnvmeInfo> list() {
        return view.infos(registry.state().vnvmes());
    }

    /** How many a VM or another client has. */
    int inUseCount() {
        return view.inUseCount();
    }

    /** @throws ProblemException when there is none of that name */
    public VnvmeInfo show(String name) {
        return view.info(volumes.require(name));
    }

    /** How VMs get it from their start. @throws ProblemException when there is none of that name */
    public RecipeInfo recipe(String name) {
        volumes.require(name);
        return Recipe.of(name, volumes.exports().socket(name).toString());
    }

    public VnvmeChange create(CreateVnvme request) {
        // What makes no sense is said before a pool is made for it.
        Names.checked(request.name());
        Names.checkedSize(request.sizeBytes());
        Names.checkedBlockSize(request.blockSizeBytes());
        Groups.checked(registry.state(), request.qos());
        Names.checkedDoorbells(request.doorbells());
        TcpAccess tcp = request.tcp();
        List<String> allowed = Hosts.checked(
                Names.checked(request.name()), tcp == null || tcp.hosts() == null ? List.of() : tcp.hosts());
        Volumes.Created created;
        List<String> words;
        try {
            List<String> own = ports.need(tcp == null || tcp.ports() == null ? List.of() : tcp.ports());
            if (tcp != null) {
                ports.checkAny();
            }
            PoolChoice.Chosen pool = poolChoice.choose(request.pool());
            words = pool.words();
            try {
                created = volumes.create(request, pool.name(), allowed, new Access(request.shared(), own, 1, Map.of()));
            } catch (RuntimeException e) {
                poolChoice.undo(pool);
                throw e;
            }
        } catch (RuntimeException e) {
            ports.release();
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
        return changed(vnvme, outcome, created, words);
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
        ports.release();
        hosts.forgetOthers();
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

    /** Those that a VM has, attached or from its start, in the order of creation. */
    public List<VnvmeInfo> listOf(String vm) {
        return list().stream().filter(v -> has(vm, v)).toList();
    }

    private static boolean has(String vm, VnvmeInfo vnvme) {
        AttachmentInfo attachment = vnvme.attachment();
        return attachment == null
                ? vnvme.connections().stream().anyMatch(c -> !c.parked() && vm.equals(c.vm()))
                : attachment.vm().equals(vm);
    }

    public VnvmeChange attach(String name, AttachVnvme request) {
        return attach(name, request.vm(), request.qmp(), request.forceSlow(), request.waitMs());
    }

    /** @param vm name of the VM */
    public VnvmeChange attach(String vm, AttachToVm request) {
        return attach(vnvme(request.vnvme()), vm, null, request.forceSlow(), request.waitMs());
    }

    private VnvmeChange attach(
            String name, @Nullable String vm, @Nullable String qmp, boolean forceSlow, @Nullable Integer waitMs) {
        Duration wait = wait(waitMs, ATTACH_WAIT_MS);
        volumes.require(name);
        return change(name, attachments.attach(name, vms.address(vm, qmp), forceSlow, wait));
    }

    public VnvmeChange detach(String name, DetachVnvme request) {
        Duration wait = wait(request.waitMs(), DETACH_WAIT_MS);
        return change(name, attachments.detach(name, Optional.empty(), request.force(), wait));
    }

    /** @param vm name of the VM */
    public VnvmeChange detach(String vm, DetachFromVm request) {
        Duration wait = wait(request.waitMs(), DETACH_WAIT_MS);
        String name = vnvme(request.vnvme());
        return change(name, attachments.detach(name, Optional.of(vm), request.force(), wait));
    }

    private static String vnvme(@Nullable String name) {
        if (name == null) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "which vNVMe? name it ('vnvme')");
        }
        return name;
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
