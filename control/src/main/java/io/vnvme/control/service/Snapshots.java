package io.vnvme.control.service;

import io.vnvme.control.model.DiffInfo;
import io.vnvme.control.model.DiffRange;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SnapshotInfo;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.LayerUsage;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.State;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Snapshots of volumes, in the shape that the API shows. */
public final class Snapshots {
    private final Registry registry;
    private final OpenPools pools;
    private final Volumes volumes;
    private final Attachments attachments;

    Snapshots(Registry registry, OpenPools pools, Volumes volumes, Attachments attachments) {
        this.registry = registry;
        this.pools = pools;
        this.volumes = volumes;
        this.attachments = attachments;
    }

    /** @throws ProblemException when the pool has no such volume or snapshot */
    static LayerFacts require(OpenPool pool, String name) {
        return pool.layers().stream()
                .filter(l -> l.name().equals(name))
                .findFirst()
                .orElseThrow(() -> unknown(name));
    }

    private static ProblemException unknown(String name) {
        return new ProblemException(
                ProblemCode.UNKNOWN_SNAPSHOT, "no snapshot %s: see 'vnvme ls --snapshots'".formatted(name));
    }

    /** The pool that has a volume or a snapshot. */
    static OpenPool poolWith(OpenPools pools, State state, String name) {
        return state.pools().stream()
                .flatMap(p -> pools.find(p.name()).stream())
                .filter(p -> p.layers().stream().anyMatch(l -> l.name().equals(name)))
                .findFirst()
                .orElseThrow(() -> unknown(name));
    }

    private Stream<OpenPool> open() {
        return registry.state().pools().stream().flatMap(p -> pools.find(p.name()).stream());
    }

    /** All snapshots, by pool, parents before children. */
    public List<SnapshotInfo> list() {
        return open().flatMap(pool -> {
                    List<LayerFacts> layers = pool.layers();
                    List<LayerFacts> snapshots = layers.stream()
                            .filter(l -> l.snapshot() && !l.name().contains(Transfers.UNFINISHED))
                            .toList();
                    Map<String, LayerUsage> usages =
                            pool.usages(snapshots.stream().map(LayerFacts::name).toList());
                    return snapshots.stream()
                            .map(l -> info(pool, l, usages.getOrDefault(l.name(), LayerUsage.NONE), layers));
                })
                .toList();
    }

    /** @throws ProblemException when there is none of that name */
    public SnapshotInfo show(String name) {
        Names.Snapshot.parse(name);
        return list().stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow(() -> unknown(name));
    }

    private static SnapshotInfo info(OpenPool pool, LayerFacts layer, LayerUsage usage, List<LayerFacts> layers) {
        Names.Snapshot name = Names.Snapshot.parse(layer.name());
        return new SnapshotInfo(
                layer.name(),
                name.volume(),
                name.snapshot(),
                pool.name(),
                layer.parent().orElse(null),
                layer.sizeBytes(),
                usage.usedBytes(),
                usage.sharedBytes(),
                usage.exclusiveBytes(),
                layers.stream()
                        .filter(l -> l.parent().equals(Optional.of(layer.name())))
                        .map(LayerFacts::name)
                        .filter(n -> !n.equals(name.volume()) && !n.startsWith(name.volume() + "@"))
                        .toList());
    }

    /** Keeps a volume as it is now. */
    public SnapshotInfo take(String volume, @Nullable String snapshot) {
        String name = volume + "@" + Names.checked(snapshot);
        return registry.exclusively(() -> {
            volumes.requireStill(volume);
            OpenPool pool = volumes.poolOf(volume);
            if (pool.layers().stream().anyMatch(l -> l.name().equals(name))) {
                throw new ProblemException(
                        ProblemCode.NAME_TAKEN, "there is a snapshot %s already: choose another name".formatted(name));
            }
            HostFailure.shown("%s could not be taken".formatted(name), () -> pool.snapshot(volume, name));
            return show(name);
        });
    }

    /** Forgets a snapshot; what clones and later snapshots need of it stays. */
    public SnapshotInfo remove(String text) {
        Names.Snapshot name = Names.Snapshot.parse(text);
        return registry.exclusively(() -> {
            volumes.requireStill(name.volume());
            SnapshotInfo info = show(name.name());
            OpenPool pool = poolWith(pools, registry.state(), name.name());
            HostFailure.shown("%s could not be removed".formatted(text), () -> pool.remove(name.name()));
            return info;
        });
    }

    /** Makes a volume that nobody uses again what its snapshot is. */
    public void rollback(String volume, @Nullable String snapshot) {
        attachments.whileFree(volume, () -> volumes.rollback(volume, Names.checked(snapshot)));
    }

    /**
     * Where two may differ.
     *
     * @param from the earlier; absent: nothing, so that all data of {@code to} is listed
     */
    public DiffInfo diff(Optional<String> from, String to) {
        OpenPool pool = poolWith(pools, registry.state(), to);
        LayerFacts target = require(pool, to);
        from.ifPresent(f -> {
            if (pool.layers().stream().noneMatch(l -> l.name().equals(f))) {
                poolWith(pools, registry.state(), f);
                throw new ProblemException(
                        ProblemCode.BAD_REQUEST,
                        "%s and %s lie in different pools: only those of one can be compared".formatted(f, to));
            }
        });
        List<DiffRange> ranges = HostFailure.shown("%s cannot be compared".formatted(to), () -> pool.diff(from, to));
        return new DiffInfo(
                from.orElse(""),
                to,
                target.sizeBytes(),
                ranges.stream().mapToLong(DiffRange::lengthBytes).sum(),
                ranges);
    }
}
