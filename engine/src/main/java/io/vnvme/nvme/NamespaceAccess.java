package io.vnvme.nvme;

import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Asymmetric namespace access by one controller (NVM Express Base 2.0, 8.1): the group that its namespaces are in, and the state
 * that they have here. Hosts that reach a namespace by several controllers choose by it.
 */
public final class NamespaceAccess {
    /** ANAGRPMAX: the largest identifier of a group; the smallest is 1. */
    public static final int GROUP_MAX = 128;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    // The log page: a header, and one descriptor of a group with its namespaces.
    private static final int GROUPS_ONLY = 1 << 8;
    private static final int CHANGE_COUNT = 0;
    private static final int GROUP_COUNT = 8;
    private static final int GROUP = 16;
    private static final int NAMESPACE_COUNT = 20;
    private static final int GROUP_CHANGE_COUNT = 24;
    private static final int STATE = 32;
    private static final int NAMESPACES = 48;

    private final Controller controller;
    private int group = 1;
    private AnaState state = AnaState.OPTIMIZED;
    private long changes;

    NamespaceAccess(Controller controller) {
        this.controller = controller;
    }

    public int group() {
        return group;
    }

    public AnaState state() {
        return state;
    }

    /** Whether hosts are told of it: those that may have other ways to the namespaces. */
    boolean reported() {
        return controller.shared() && controller.kind().hasLogPage(LogPageId.ANA);
    }

    /**
     * Changes it, and tells the host. Commands that have begun end as they would have.
     *
     * @param newGroup 1 to {@link #GROUP_MAX}
     */
    public void set(int newGroup, AnaState newState) {
        if (newGroup < 1 || newGroup > GROUP_MAX) {
            throw new IllegalArgumentException("ANA group " + newGroup);
        }
        if (newGroup == group && newState == state) {
            return;
        }
        boolean moved = newGroup != group;
        group = newGroup;
        state = newState;
        changes++;
        ActiveNamespaces all = controller.namespaces();
        for (int nsid = all.next(0); moved && nsid != 0; nsid = all.next(nsid)) {
            all.changed(nsid);
        }
        if (reported()) {
            controller.events().notify(AsyncEvent.ANA_CHANGED);
        }
    }

    /**
     * Its namespaces are about to be detached: a host that may have other ways to them hears that this one is closed, and takes
     * another. Of a namespace that is not there it would hear an error that no other way mends.
     */
    public void close() {
        if (reported()) {
            set(group, AnaState.INACCESSIBLE);
        }
    }

    /** Of a command that waited while its namespace was detached. @return a status */
    int detachedStatus() {
        return state.status() == Status.SUCCESS ? Status.INVALID_FIELD : state.status();
    }

    /** Of a command to a namespace: whether it can be done here. @return a status */
    int status() {
        return state.status();
    }

    /** Fills in the ANA log page. @return its size in bytes */
    long fill(Request request, MemorySegment out) {
        boolean groupsOnly = (request.dword(10) & GROUPS_ONLY) != 0;
        out.set(ValueLayout.JAVA_LONG_UNALIGNED, CHANGE_COUNT, changes);
        out.set(ValueLayout.JAVA_SHORT_UNALIGNED, GROUP_COUNT, (short) 1);
        out.set(INT, GROUP, group);
        out.set(ValueLayout.JAVA_LONG_UNALIGNED, GROUP_CHANGE_COUNT, changes);
        out.set(ValueLayout.JAVA_BYTE, STATE, (byte) state.code());
        int count = 0;
        ActiveNamespaces all = controller.namespaces();
        for (int nsid = all.next(0); nsid != 0 && !groupsOnly; nsid = all.next(nsid)) {
            out.set(INT, NAMESPACES + (long) Integer.BYTES * count++, nsid);
        }
        out.set(INT, NAMESPACE_COUNT, count);
        return NAMESPACES + (long) Integer.BYTES * count;
    }
}
