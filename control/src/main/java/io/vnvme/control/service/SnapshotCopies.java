package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.VolumeIo;
import io.vnvme.control.plane.VolumeMove;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** The snapshots of a volume that moves: they are copied oldest first, so that what they have in common is copied once. */
final class SnapshotCopies {
    private final Steps steps;
    private final OpenPool source;
    private final OpenPool target;
    private final String copyName;

    /**
     * @param steps the move that they are a part of
     * @param copyName the volume in {@code target}, of {@link #firstSize}
     */
    SnapshotCopies(Steps steps, OpenPool source, OpenPool target, String copyName) {
        this.steps = steps;
        this.source = source;
        this.target = target;
        this.copyName = copyName;
    }

    /** Those of a volume, oldest first. */
    static List<LayerFacts> of(String volume, List<LayerFacts> layers) {
        return layers.stream()
                .filter(layer -> layer.name().startsWith(volume + "@"))
                .toList();
    }

    /** @throws ProblemException when they are in the way */
    static void check(String volume, List<LayerFacts> snapshots, boolean wanted) {
        if (snapshots.isEmpty()) {
            return;
        }
        if (snapshots.stream().anyMatch(layer -> layer.name().contains(Transfers.UNFINISHED))) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "%s is being exported to a file: wait until that has ended ('vnvme jobs')".formatted(volume));
        }
        if (!wanted) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "%s has snapshots (%s): move them too with --snapshots, or remove them first"
                            .formatted(
                                    volume,
                                    snapshots.stream().map(LayerFacts::name).collect(Collectors.joining(", "))));
        }
    }

    /** The size that the copy of a volume begins with: its oldest snapshot's. */
    static long firstSize(LayerFacts volume, List<LayerFacts> snapshots) {
        return snapshots.isEmpty() ? volume.sizeBytes() : snapshots.getFirst().sizeBytes();
    }

    /**
     * Copies them one by one. The volume there has the size and the attributes of the one that moves afterwards.
     *
     * @param each told of each copy, by its snapshot's name; returns when it is whole
     * @return the last one; what the volume there holds now
     */
    Optional<String> copy(LayerFacts volume, List<LayerFacts> snapshots, BiConsumer<String, VolumeMove> each) {
        Optional<String> last = Optional.empty();
        long sizeBytes = firstSize(volume, snapshots);
        for (LayerFacts snapshot : snapshots) {
            resize(sizeBytes, snapshot.sizeBytes());
            sizeBytes = snapshot.sizeBytes();
            copy(volume, snapshot, last, each);
            last = Optional.of(snapshot.name());
        }
        resize(sizeBytes, volume.sizeBytes());
        if (last.isPresent()) {
            target.setAttributes(copyName, volume.attributes());
        }
        return last;
    }

    private void copy(
            LayerFacts volume, LayerFacts snapshot, Optional<String> since, BiConsumer<String, VolumeMove> each) {
        String what = snapshot.name();
        // Closed at the end too when it fails: what waits for space there goes with the volume, which is removed first.
        VolumeMove copy = steps.open(
                "begin to copy " + what, () -> source.copySnapshot(what, since, target, copyName), VolumeMove::close);
        steps.run("copy " + what, () -> each.accept(what, copy));
        copy.close();
        // Its own: what a clone of it, or a rollback to it, is read with.
        target.setAttributes(copyName, snapshot.attributes());
        steps.run(
                "snapshot " + what,
                () -> target.snapshot(copyName, there(volume.name(), what), snapshot.id(), snapshot.createdAt()),
                () -> {});
    }

    private void resize(long fromBytes, long toBytes) {
        if (fromBytes > toBytes) {
            // The snapshot before was larger: what it has behind the new end is not the volume's any more.
            try (VolumeIo io = target.open(copyName, null)) {
                io.deallocate(toBytes, fromBytes - toBytes);
            }
        }
        if (fromBytes != toBytes) {
            target.resize(copyName, toBytes, true);
        }
    }

    private String there(String volume, String snapshot) {
        return copyName + snapshot.substring(volume.length());
    }
}
