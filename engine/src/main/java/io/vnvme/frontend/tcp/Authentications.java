package io.vnvme.frontend.tcp;

import io.vnvme.fabrics.auth.ControllerExchange;
import java.util.ArrayList;
import java.util.List;

/** Who a host is, as far as it has shown: the authentication of each queue of an association. */
final class Authentications {
    private final Association association;
    private final TcpTarget target;
    /** Of queues whose host has yet to show who it is. */
    private final List<QueueAuthentication> unproven = new ArrayList<>();

    private volatile boolean required;
    private volatile boolean authenticated;

    Authentications(Association association, TcpTarget target) {
        this.association = association;
        this.target = target;
    }

    /** A queue has been connected: its host may, or has to, show who it is. */
    void begin(QueuePair queue) {
        String nqn = association.hostNqn();
        TcpSubsystem subsystem = association.subsystem();
        HostTerms terms = subsystem.terms(nqn);
        if (terms.chap().isEmpty()) {
            return;
        }
        // The keys of each authentication are those of then.
        ControllerExchange exchange = new ControllerExchange(
                nqn, subsystem.nqn(), () -> subsystem.terms(nqn).chap());
        QueueAuthentication authentication =
                new QueueAuthentication(association, this, queue, exchange, terms.authenticate());
        queue.authentication(authentication);
        if (terms.authenticate()) {
            unproven.add(authentication);
            required |= queue.id() == 0;
        }
    }

    /** Runs what computes for long elsewhere. @return false when there is no room for it now */
    boolean compute(Runnable work) {
        boolean taken = target.authWorkers().run(association.hostNqn(), work);
        if (!taken) {
            target.dropped(association.peer(), "it cannot authenticate now: too many hosts do");
        }
        return taken;
    }

    /** Whether the host has shown on the admin queue who it is, or need not. From any thread. */
    boolean proven() {
        return authenticated || !required;
    }

    /** The host has shown on a queue who it is, for the first time. */
    void proven(QueueAuthentication authentication) {
        unproven.remove(authentication);
        QueuePair queue = authentication.queue();
        if (queue.id() == 0) {
            authenticated = true;
            String twin = target.twin(association.subsystem(), association.host());
            if (!twin.isEmpty()) {
                target.refused(association, twin);
                end(queue);
            }
        }
    }

    /** The host could not show who it is. The connection goes on for as long as the host has that still to read. */
    void refused(QueuePair queue, String why) {
        target.refused(association, "DH-HMAC-CHAP on queue %d: %s".formatted(queue.id(), why));
    }

    /** A defect cost the host this queue. */
    void failed(QueuePair queue, RuntimeException failure) {
        target.report(failure);
        end(queue);
    }

    /** The connection of a queue ends when the host has what is there for it. */
    void end(QueuePair queue) {
        association.disconnect(queue.id(), "the host did not authenticate");
    }

    /** Hosts that take too long have their connections ended. */
    void expire(long nowNs) {
        if (unproven.isEmpty()) {
            return;
        }
        for (QueueAuthentication late : List.copyOf(unproven)) {
            boolean gone = late.queue().closed();
            if (gone || late.leftNs(nowNs) == 0) {
                unproven.remove(late);
            }
            if (!gone && late.leftNs(nowNs) == 0) {
                refused(late.queue(), "it takes too long");
                end(late.queue());
            }
        }
    }

    /** How long none of them takes too long, if nothing happens. */
    long leftNs(long nowNs, long limitNs) {
        long leftNs = limitNs;
        // By index: nothing is allocated on the way to sleep.
        for (int i = 0; i < unproven.size(); i++) {
            leftNs = Math.min(leftNs, unproven.get(i).leftNs(nowNs));
        }
        return leftNs;
    }
}
