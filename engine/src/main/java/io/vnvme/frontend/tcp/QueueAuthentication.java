package io.vnvme.frontend.tcp;

import io.vnvme.fabrics.auth.ControllerExchange;
import io.vnvme.fabrics.auth.ControllerExchange.State;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Authentication of one queue: the commands that carry its messages, and what comes of them (NVM Express Base 2.0, 8.13.5).
 *
 * <p>The exchange is with a worker while that computes, and here else; the mailbox of the reactor carries it back.
 */
final class QueueAuthentication {
    private final Association association;
    private final Authentications all;
    private final QueuePair queue;
    private final ControllerExchange exchange;
    private final MemorySegment segment;
    private final boolean required;
    private boolean authenticated;
    private boolean working;
    private long sinceNs;

    /** @param required whether the host has to authenticate before anything else */
    QueueAuthentication(
            Association association,
            Authentications all,
            QueuePair queue,
            ControllerExchange exchange,
            boolean required) {
        this.association = association;
        this.all = all;
        this.queue = queue;
        this.exchange = exchange;
        this.required = required;
        this.segment = queue.memory().segment();
        sinceNs = System.nanoTime();
    }

    /** Whether nothing but authentication is done for the host yet. */
    boolean pending() {
        return required && !authenticated;
    }

    /** Whether the host has shown who it is, or does nothing before it has. */
    boolean guards() {
        return required || authenticated;
    }

    /** How much time the host has left to show who it is, while it has to. */
    long leftNs(long nowNs) {
        return working ? Limits.AUTHENTICATION_NS : Math.max(0, sinceNs + Limits.AUTHENTICATION_NS - nowNs);
    }

    QueuePair queue() {
        return queue;
    }

    /** The Authentication Send command: a message has come. */
    void send(int command, long entry) {
        int length = queue.commands().length(command);
        if (!right(entry, length) || length > Fabrics.AUTH_BYTES_MAX) {
            queue.respond(command, 0, Status.INVALID_FIELD);
        } else if (working) {
            queue.respond(command, 0, Status.COMMAND_SEQUENCE_ERROR);
        } else {
            byte[] message = segment.asSlice(queue.buffer(command), length).toArray(ValueLayout.JAVA_BYTE);
            working = all.compute(() -> compute(command, message));
            if (!working) {
                queue.respond(command, 0, Status.INTERNAL_ERROR);
            }
        }
    }

    /** On a worker. */
    private void compute(int command, byte[] message) {
        RuntimeException failure = null;
        try {
            exchange.accept(message);
        } catch (RuntimeException e) {
            failure = e;
        }
        RuntimeException thrown = failure;
        association.home().execute(() -> accepted(command, thrown));
    }

    private void accepted(int command, @Nullable RuntimeException failure) {
        working = false;
        sinceNs = System.nanoTime();
        if (queue.closed() || !association.isOpen()) {
            return;
        }
        if (failure != null) {
            all.failed(queue, failure);
            return;
        }
        queue.respond(command, 0, Status.SUCCESS);
        if (exchange.state() == State.AUTHENTICATED && !authenticated) {
            authenticated = true;
            all.proven(this);
        } else if (exchange.state() == State.FAILED) {
            all.refused(queue, exchange.failure());
            if (exchange.nextBytes() == 0) {
                all.end(queue);
            }
        }
    }

    /** The Authentication Receive command: the host gets what there is for it. */
    void receive(int command, long entry) {
        int length = queue.commands().length(command);
        if (!right(entry, length) || length > Limits.IN_CAPSULE_BYTES) {
            queue.respond(command, 0, Status.INVALID_FIELD);
        } else if (working || exchange.nextBytes() == 0) {
            queue.respond(command, 0, Status.COMMAND_SEQUENCE_ERROR);
        } else if (length < exchange.nextBytes()) {
            queue.respond(command, 0, Status.INVALID_FIELD);
        } else {
            byte[] message = exchange.receive().orElseThrow();
            MemorySegment buffer = segment.asSlice(queue.buffer(command), length);
            buffer.fill((byte) 0);
            MemorySegment.copy(message, 0, buffer, ValueLayout.JAVA_BYTE, 0, message.length);
            queue.respondWithData(command, 0);
            if (exchange.state() == State.FAILED) {
                all.end(queue);
            }
        }
    }

    /** Whether a command is about this protocol, and as long as its data. */
    private boolean right(long entry, int length) {
        int protocol = segment.get(ValueLayout.JAVA_INT_UNALIGNED, entry + Fabrics.AUTH_PROTOCOL) & Fabrics.AUTH_MASK;
        return protocol == Fabrics.AUTH_NVME
                && length > 0
                && segment.get(ValueLayout.JAVA_INT_UNALIGNED, entry + Fabrics.AUTH_LENGTH) == length;
    }
}
