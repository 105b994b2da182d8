package io.vnvme.reactor;

import io.vnvme.os.Fd;

/** A descriptor that a reactor watches. Used on the reactor's thread only. */
public final class Watch implements AutoCloseable {
    /** What happens when the descriptor is ready. */
    @FunctionalInterface
    public interface Readiness {
        /** @param events a set of {@link io.vnvme.os.Epoll} event bits */
        void ready(int events);
    }

    private final Reactor reactor;
    private final Fd fd;
    private final Readiness readiness;
    private final long token;
    private int events;
    private boolean open = true;

    Watch(Reactor reactor, Fd fd, int events, Readiness readiness, long token) {
        this.reactor = reactor;
        this.fd = fd;
        this.events = events;
        this.readiness = readiness;
        this.token = token;
    }

    /** Changes what is watched for. */
    public void events(int wanted) {
        if (open && wanted != events) {
            events = wanted;
            reactor.modify(this);
        }
    }

    /** Whether {@code event} is among what is watched for. */
    public boolean waitsFor(int event) {
        return (events & event) != 0;
    }

    /**
     * More is about to arrive here, and somebody waits for that to be seen: a busy reactor looks more often for a while, which
     * costs everybody's speed.
     */
    public void expectMore() {
        reactor.expectMore();
    }

    /** Ends the watch; must come before the descriptor is closed. A second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            reactor.unwatch(this);
        }
    }

    Fd fd() {
        return fd;
    }

    int events() {
        return events;
    }

    long token() {
        return token;
    }

    void dispatch(int ready) {
        if (open) {
            readiness.ready(ready);
        }
    }
}
