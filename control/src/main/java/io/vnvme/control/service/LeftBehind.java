package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.peer.PeerClient;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What is left of a migration, here and at the other daemon, when it has ended one way or another. */
final class LeftBehind {
    private static final Logger LOG = System.getLogger(LeftBehind.class.getName());

    private final Registry registry;
    private final Volumes volumes;
    private final MigratedVolumes migrated;

    LeftBehind(Registry registry, Volumes volumes, MigratedVolumes migrated) {
        this.registry = registry;
        this.volumes = volumes;
        this.migrated = migrated;
    }

    /** Hosts may have it as before. */
    void letIn(String name) {
        registry.state()
                .vnvme(name)
                .ifPresent(vnvme ->
                        volumes.exports().find(name).ifPresent(export -> export.hosts(Set.copyOf(vnvme.hosts()))));
    }

    /**
     * Removes vNVMes that are elsewhere now.
     *
     * @return what could not be, in words
     */
    String removed(List<String> names) {
        List<String> left = new ArrayList<>();
        for (String name : names) {
            try {
                migrated.gone(name);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "%s is elsewhere, and its old volume cannot be removed".formatted(name), e);
                left.add(name);
            }
        }
        return left.isEmpty() ? "" : "; what is left here of %s is removed later".formatted(String.join(", ", left));
    }

    /** The other daemon is to remove what it had made. */
    static void giveUp(PeerClient peer, String path) {
        try {
            peer.post(path + "/giveup", null);
        } catch (ProblemException e) {
            if (e.code() != ProblemCode.UNKNOWN_ARRIVAL) {
                LOG.log(
                        Level.WARNING,
                        "what was made at {0} is removed by it, when it hears nothing more: {1}",
                        peer.name(),
                        e.detail());
            }
        }
    }

    /**
     * Whoever has taken a VM need not remember that any more, and lets it go on if it has not. Not before nothing is left here: who
     * asked again would hear that it was never taken.
     */
    void done(String vm, PeerClient peer, String arrival) {
        boolean left = registry.state().vnvmes().stream()
                .map(VnvmeRecord::givenTo)
                .anyMatch(to -> to != null && to.arrival().equals(arrival));
        if (!left) {
            Steps.attempt(
                    "telling %s that VM %s is its".formatted(peer.name(), vm),
                    () -> peer.delete("/api/v1/arrivals/" + arrival));
        }
    }
}
