package io.vnvme.nvme;

import io.vnvme.nvme.wire.AsyncEvent;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The namespaces attached to one controller, and which of them changed without its host having looked. */
public final class ActiveNamespaces {
    /** Largest namespace identifier: NN in Identify Controller. */
    public static final int NSID_MAX = 128;

    private final Controller controller;
    private final @Nullable Namespace[] byNsid = new Namespace[NSID_MAX + 1];
    private final BitSet changed = new BitSet();
    private long changes;
    private long changesSeen;

    ActiveNamespaces(Controller controller) {
        this.controller = controller;
    }

    /** True for identifiers that a namespace can have, attached or not. */
    static boolean valid(int nsid) {
        return nsid > 0 && nsid <= NSID_MAX;
    }

    /** The namespace under {@code nsid}, or null when none is attached there. */
    public @Nullable Namespace find(int nsid) {
        return valid(nsid) ? byNsid[nsid] : null;
    }

    /** The next attached identifier above {@code nsid}, or 0. */
    public int next(int nsid) {
        for (int id = nsid + 1; id > 0 && id <= NSID_MAX; id++) {
            if (byNsid[id] != null) {
                return id;
            }
        }
        return 0;
    }

    /** All that are attached now. */
    List<Namespace> all() {
        return Arrays.stream(byNsid).filter(Objects::nonNull).toList();
    }

    public boolean isEmpty() {
        return next(0) == 0;
    }

    /**
     * Attaches a namespace and tells the host, if it is there already.
     *
     * @throws IllegalStateException when its identifier is taken on this controller
     */
    public void attach(Namespace namespace) {
        int nsid = namespace.nsid();
        if (byNsid[nsid] != null) {
            throw new IllegalStateException("namespace identifier %d is taken".formatted(nsid));
        }
        byNsid[nsid] = namespace;
        namespace.attached(controller);
        controller.shareChanged();
        changed(nsid);
    }

    /** Detaches a namespace and tells the host: commands to it fail from now on. */
    public void detach(int nsid) {
        Namespace namespace = find(nsid);
        if (namespace == null) {
            return;
        }
        byNsid[nsid] = null;
        namespace.detached(controller);
        controller.shareChanged();
        changed(nsid);
    }

    /** Something in Identify Namespace changed, its size for one: tells the host. */
    public void changed(int nsid) {
        changes++;
        if (controller.ready()) {
            changed.set(nsid);
            record();
            controller.events().notify(AsyncEvent.NAMESPACE_CHANGED);
        }
    }

    /** True when the host has asked for its namespaces since they last changed, or is not there to ask. */
    public boolean seen() {
        return changesSeen == changes || !controller.ready();
    }

    void listed() {
        changesSeen = changes;
    }

    /** Identifiers that changed since the last call to {@link #clearChanged}. */
    BitSet changedSet() {
        return changed;
    }

    void clearChanged() {
        changed.clear();
        record();
    }

    /** All count as changed: what the host heard of that is not known. */
    void allChanged() {
        for (int nsid = next(0); nsid != 0; nsid = next(nsid)) {
            changed.set(nsid);
        }
        record();
    }

    private void record() {
        long[] words = changed.toLongArray();
        for (int i = 0; i < ControllerState.CHANGED_WORDS; i++) {
            controller.state().setLong(ControllerState.CHANGED_NAMESPACES + 8L * i, i < words.length ? words[i] : 0);
        }
    }

    /** Takes up what the controller's state says. */
    void adopt() {
        long[] words = new long[ControllerState.CHANGED_WORDS];
        for (int i = 0; i < words.length; i++) {
            words[i] = controller.state().getLong(ControllerState.CHANGED_NAMESPACES + 8L * i);
        }
        changed.or(BitSet.valueOf(words));
    }

    /** The controller was reset: its host knows nothing, and will ask. */
    void reset() {
        changed.clear();
        for (int nsid = next(0); nsid != 0; nsid = next(nsid)) {
            Namespace namespace = byNsid[nsid];
            if (namespace != null) {
                namespace.reservations().controllerReset(controller);
            }
        }
    }

    void close() {
        for (int nsid = next(0); nsid != 0; nsid = next(nsid)) {
            Namespace namespace = byNsid[nsid];
            byNsid[nsid] = null;
            if (namespace != null) {
                namespace.detached(controller);
            }
        }
    }
}
