package io.vnvme.frontend.tcp;

import io.vnvme.nvme.Controller;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The queue pairs of an association, the connections that carry them, and those that have lost theirs. */
final class QueuePairs {
    /** Connections that are looked at without being told to, in one pass: each look is a call of the kernel. */
    private static final int HOT_LOOKS = 8;

    private final Controller controller;
    private final @Nullable QueuePair[] byId = new QueuePair[AssociationMemory.QUEUES];
    private volatile Connection[] connections = new Connection[0];
    /** Queue pairs without a connection, whose commands have not all ended. */
    private final List<QueuePair> leaving = new ArrayList<>();

    private int nextHot;

    QueuePairs(Controller controller) {
        this.controller = controller;
    }

    /** The queue pair of an identifier, which may be one that is leaving; null when there is none. */
    @Nullable
    QueuePair find(int id) {
        return id >= 0 && id < byId.length ? byId[id] : null;
    }

    /** The queue pairs have this one too from now on, carried by {@code connection}. */
    void add(QueuePair queue, Connection connection) {
        byId[queue.id()] = queue;
        List<Connection> grown = new ArrayList<>(List.of(connections));
        grown.add(connection);
        connections = grown.toArray(Connection[]::new);
    }

    /** I/O queues that are connected. From any thread. */
    int ioQueueCount() {
        return Math.max(0, connections.length - 1);
    }

    /** Whether all of them came as a host has to now; on one that is still to be authenticated nothing else is done. */
    boolean meet(HostTerms terms) {
        for (Connection connection : connections) {
            QueuePair queue = connection.queue();
            boolean guarded = queue != null && queue.guarded();
            if (terms.authenticate() && !guarded || terms.encrypt() && !connection.encrypted()) {
                return false;
            }
        }
        return true;
    }

    /** Takes what has come by connections that something came by a moment ago. @return how many had something */
    int receive(long nowNs) {
        int work = 0;
        int looks = Math.min(connections.length, HOT_LOOKS);
        for (int i = 0; i < connections.length && looks > 0; i++) {
            nextHot = nextHot + 1 < connections.length ? nextHot + 1 : 0;
            Connection connection = connections[nextHot];
            if (connection.hot(nowNs)) {
                looks--;
                work += connection.receive() > 0 ? 1 : 0;
            }
        }
        return work;
    }

    /** Whether something has come that the kernel will not tell of. */
    boolean hold() {
        for (Connection connection : connections) {
            if (connection.holds()) {
                return true;
            }
        }
        return false;
    }

    /** Takes what the controller has completed. @return how many commands */
    int complete() {
        int work = 0;
        for (Connection connection : connections) {
            QueuePair queue = connection.queue();
            work += queue == null ? 0 : queue.complete();
        }
        return leaving.isEmpty() ? work : work + retire();
    }

    void send() {
        for (Connection connection : connections) {
            QueuePair queue = connection.queue();
            if (queue != null && (!queue.outgoing().isEmpty() || connection.ending())) {
                connection.flush();
            }
        }
    }

    /** A connection is gone, or is to carry its queue pair no more. */
    void leave(Connection connection) {
        QueuePair queue = connection.queue();
        List<Connection> left = new ArrayList<>(List.of(connections));
        if (left.remove(connection) && queue != null) {
            connections = left.toArray(Connection[]::new);
            queue.close();
            leaving.add(queue);
            controller.disconnectQueuePair(queue.id());
        }
    }

    /** The controller was reset: hosts connect I/O queues anew. */
    void voidIo() {
        for (Connection connection : connections) {
            QueuePair queue = connection.queue();
            if (queue != null && queue.id() != 0) {
                queue.voided();
                connection.close();
                leave(connection);
            }
        }
    }

    /** A queue pair's connection ends when the host has read all that is there for it. */
    void disconnect(int id, String reason) {
        for (Connection connection : connections) {
            QueuePair queue = connection.queue();
            if (queue != null && queue.id() == id) {
                connection.endWhenSent(reason);
            }
        }
    }

    /** Ends all connections, with what the sockets still take. */
    void close() {
        for (Connection connection : connections) {
            connection.flush();
        }
        for (Connection connection : connections) {
            connection.close();
        }
        connections = new Connection[0];
    }

    /** Queue pairs whose last command has ended are gone. */
    private int retire() {
        int work = 0;
        for (QueuePair queue : List.copyOf(leaving)) {
            work += queue.complete();
            if (!controller.hasQueuePair(queue.id()) && (!queue.isVoided() || controller.quiescent())) {
                queue.forget();
                leaving.remove(queue);
                byId[queue.id()] = null;
                work++;
            }
        }
        return work;
    }
}
