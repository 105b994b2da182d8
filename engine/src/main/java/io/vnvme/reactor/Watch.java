package io.vnvme.reactor;

import io.vnvme.os.Fd;
import org.jspecify.annotations.Nullable;

/** A descriptor that a reactor watches. Used on the reactor's thread only. */
public final class Watch implements AutoCloseable {
    /** What happens when the descriptor is ready. */
    @FunctionalInterface
    public interface Readiness {
        /** @param events a set of {@link io.vnvme.os.Epoll} event bits */
        void ready(int events);
    }

    private final Fd fd;
    private final Readiness readiness;
    /** Who watches; null on the way from one reactor to another. */
    private @Nullable Reactor reactor;

    private long token;
    private int events;
    private boolean open = true;
    private Runnable closing = () -> {};

    Watch(Fd fd, int events, Readiness readiness) {
        this.fd = fd;
        this.events = events;
        this.readiness = readiness;
    }

    /** Changes what is watched for. */
    public void events(int wanted) {
        if (open && wanted != events) {
            events = wanted;
            if (reactor != null) {
                reactor.modify(this);
            }
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
        if (reactor != null) {
            reactor.expectMore();
        }
    }

    /** Ends the watch; must come before the descriptor is closed. A second call does nothing. */
    @Override
    public void close() {
        if (open) {
            open = false;
            leave();
            closing.run();
        }
    }

    /** Called when it is closed. */
    void closing(Runnable action) {
        closing = action;
    }

    /** The reactor watches no more, until another one does. */
    void leave() {
        if (reactor != null) {
            reactor.unwatch(this);
            reactor = null;
        }
    }

    /** On the thread of {@code watching}, which watches from now on. */
    void enter(Reactor watching) {
        reactor = watching;
        token = watching.admit(this);
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
