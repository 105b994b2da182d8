package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.LayerFacts;
import java.util.List;
import java.util.stream.Collectors;

/** The snapshots of a volume that moves. */
final class SnapshotCopies {
    private SnapshotCopies() {}

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
        String names = snapshots.stream().map(LayerFacts::name).collect(Collectors.joining(", "));
        if (!wanted) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "%s has snapshots (%s): move them too with --snapshots, or remove them first"
                            .formatted(volume, names));
        }
        throw new ProblemException(
                ProblemCode.MOVE_REFUSED,
                "%s has snapshots (%s), which cannot be moved yet: remove them first, or export them to files"
                        .formatted(volume, names));
    }
}
