package io.vnvme.frontend.vfiouser;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.devicestate.DeviceStateReader;
import io.vnvme.devicestate.DeviceStateWriter;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.ControllerImage;
import io.vnvme.nvme.Standstill;
import io.vnvme.os.Errno;
import io.vnvme.reactor.Poller;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes a function to a stop, out as a stream of bytes, and in again.
 *
 * <p>That it is stopped, or about to be, is kept for the process that may come: what has been handed on must not be begun anew here,
 * long after it was done elsewhere. Whoever takes over finds it stopped, and it stays so until somebody lets it go on.
 */
final class DeviceMigration {
    /** What of this is kept; 0 is a function that runs. */
    private static final int STOPPED = 1;

    /** A state was being taken in: what there is belongs to nobody. */
    private static final int BROKEN = 2;

    /** Where it stands. */
    enum State {
        RUNNING,
        STOPPED,
        BROKEN
    }

    private final PciFunction function;
    private final DmaChannel channel;
    private final ConnectionState kept;
    private State state;
    /** Another process served the function, and its controller has not got its namespaces yet. */
    private boolean waiting;

    private @Nullable Consumer<Boolean> stopping;
    private long limitNs;
    /** Of the stop under way, once the time is known. */
    private long deadlineNs;

    private boolean limited;

    /** @param waiting another process served the function: {@link #adopt} follows */
    DeviceMigration(PciFunction function, DmaChannel channel, ConnectionState kept, boolean waiting) {
        this.function = function;
        this.channel = channel;
        this.kept = kept;
        this.waiting = waiting;
        state = switch (kept.getInt(ConnectionState.MIGRATION)) {
            case 0 -> State.RUNNING;
            case STOPPED -> State.STOPPED;
            default -> State.BROKEN;
        };
    }

    /** The controller, if it is one that can go elsewhere. */
    private Optional<Controller> controller() {
        return function.device().controller();
    }

    boolean possible() {
        return controller().isPresent();
    }

    private Standstill standstill() {
        return controller()
                .orElseThrow(() -> new RequestException(Errno.ENOTSUP, "not a controller that can go elsewhere"))
                .standstill();
    }

    State state() {
        return state;
    }

    /** Goes on where another process ended, or stays stopped as it was there. */
    void adopt() {
        waiting = false;
        if (state == State.RUNNING || !possible()) {
            function.resume();
            return;
        }
        // Nothing that is in flight has been begun here: the controller stands still already.
        standstill().begin();
        standstill().reach();
    }

    /**
     * Fetches nothing any more and lets what is in flight end, for {@code wantedNs} at most; then what has not begun its work, or
     * waits, stays where it is. Goes on as before when a drive still works by then: its bytes would come too late.
     *
     * @param done told, in {@link #poll}, whether it has stopped
     * @throws RequestException EBUSY when it does not run
     */
    void stop(long wantedNs, Consumer<Boolean> done) {
        if (state != State.RUNNING || stopping != null || waiting) {
            throw new RequestException(Errno.EBUSY, "it is stopped, or about to be, or waits for its drive");
        }
        standstill().begin();
        kept.publishInt(ConnectionState.MIGRATION, STOPPED);
        stopping = done;
        limitNs = wantedNs;
        limited = false;
    }

    /** Ends a stop that is under way. @return how much was done */
    int poll(long nowNs) {
        Consumer<Boolean> done = stopping;
        if (done == null) {
            return 0;
        }
        if (!limited) {
            limited = true;
            deadlineNs = nowNs + limitNs;
        }
        boolean late = nowNs - deadlineNs >= 0;
        Standstill standstill = standstill();
        boolean still = channel.idle() && (late ? standstill.settled() : standstill.drained());
        if (!still && !late) {
            return 0;
        }
        stopping = null;
        if (still) {
            standstill.reach();
            state = State.STOPPED;
        } else {
            goOn();
        }
        done.accept(still);
        return 1;
    }

    /** How long until {@link #poll} has to look again, whatever else happens. */
    long remainingNs(long nowNs) {
        if (stopping == null) {
            return Poller.UNLIMITED;
        }
        boolean due = !limited || channel.idle() && standstill().drained();
        return due ? 0 : Math.max(0, deadlineNs - nowNs);
    }

    /** @throws RequestException EINVAL when it is not stopped */
    void run() {
        checkStopped();
        goOn();
    }

    private void goOn() {
        state = State.RUNNING;
        kept.publishInt(ConnectionState.MIGRATION, 0);
        standstill().end();
        function.goneOn();
    }

    private void checkStopped() {
        if (state != State.STOPPED || waiting) {
            throw new RequestException(Errno.EINVAL, "it is not stopped, or waits for its drive");
        }
    }

    /** All that another function needs to be this one. @throws RequestException EINVAL when it is not stopped */
    byte[] save() {
        checkStopped();
        DeviceStateWriter out = new DeviceStateWriter();
        controller().orElseThrow().image().write(out);
        FunctionImage.of(function).write(out);
        return out.finish();
    }

    /** Whether a state is awaited: the function cannot be used until one was loaded. */
    void awaits(boolean awaited) {
        kept.publishInt(ConnectionState.MIGRATION, awaited ? BROKEN : STOPPED);
    }

    /**
     * Becomes the function that a stream tells of, and stays stopped. The client's eventfds and memory stay its own.
     *
     * @throws DeviceStateException when it cannot: it is as it was
     * @throws RequestException EINVAL when it is not stopped
     */
    void load(byte[] stream) {
        checkStopped();
        DeviceStateReader in = new DeviceStateReader(stream);
        ControllerImage controllerImage = ControllerImage.read(in);
        FunctionImage image = FunctionImage.read(in);
        in.end();
        image.check(function);
        kept.publishInt(ConnectionState.MIGRATION, BROKEN);
        state = State.BROKEN;
        try {
            controller().orElseThrow().load(controllerImage);
        } catch (DeviceStateException e) {
            kept.publishInt(ConnectionState.MIGRATION, STOPPED);
            state = State.STOPPED;
            throw e;
        }
        function.load(image);
        kept.publishInt(ConnectionState.MIGRATION, STOPPED);
        state = State.STOPPED;
    }

    /**
     * The same of a function that nobody has used yet, which is stopped for it.
     *
     * @throws IllegalStateException when its host has enabled the controller
     */
    void take(byte[] stream) {
        boolean runs = state == State.RUNNING;
        if (runs) {
            boolean used = controller().map(Controller::ready).orElse(true);
            if (stopping != null
                    || waiting
                    || used
                    || !channel.idle()
                    || !standstill().settled()) {
                throw new IllegalStateException("the guest here uses the controller");
            }
            standstill().begin();
            standstill().reach();
            kept.publishInt(ConnectionState.MIGRATION, STOPPED);
            state = State.STOPPED;
        }
        try {
            load(stream);
        } catch (DeviceStateException e) {
            if (runs) {
                goOn();
            }
            throw e;
        }
    }

    /** The function was reset: it runs. */
    void reset() {
        Consumer<Boolean> done = stopping;
        stopping = null;
        if (possible() && standstill().begun()) {
            goOn();
        }
        if (done != null) {
            done.accept(false);
        }
    }

    /** The client is gone: nobody waits any more. */
    void close() {
        Consumer<Boolean> done = stopping;
        stopping = null;
        if (done != null) {
            done.accept(false);
        }
    }
}
