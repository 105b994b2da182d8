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
 * <p>That it is stopped is kept for the process that may come, before anybody is told: what has been handed on must not be begun
 * anew here, long after it was done elsewhere. Whoever takes over finds it stopped, and it stays so until its {@link Owner} lets
 * it go on. While it only comes to rest nothing has been handed on, and it may be in the middle of anything: whoever takes over
 * then goes on with it.
 */
final class DeviceMigration {
    /** What of this is kept; 0 is a function that runs. */
    private static final int STOPPED_BY_CLIENT = 1;

    /** A state was being taken in: what there is belongs to nobody. */
    private static final int BROKEN = 2;

    private static final int STOPPED_BY_DAEMON = 3;

    private static final String USED = "the guest here uses the controller";

    /** Where it stands. */
    enum State {
        RUNNING,
        STOPPED,
        BROKEN
    }

    /** Who has stopped it: nobody else takes it elsewhere, or lets it go on. */
    enum Owner {
        CLIENT(STOPPED_BY_CLIENT),
        DAEMON(STOPPED_BY_DAEMON);

        private final int kept;

        Owner(int kept) {
            this.kept = kept;
        }
    }

    private final PciFunction function;
    private final DmaChannel channel;
    private final ConnectionState kept;
    private State state;
    /** Of the stop, or the one under way. */
    private Owner owner;
    /** It was stopped by {@link #take}: nobody has used what there was before. */
    private boolean taken;
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
        int found = kept.getInt(ConnectionState.MIGRATION);
        state = switch (found) {
            case 0 -> State.RUNNING;
            case STOPPED_BY_CLIENT, STOPPED_BY_DAEMON -> State.STOPPED;
            default -> State.BROKEN;
        };
        owner = found == STOPPED_BY_DAEMON ? Owner.DAEMON : Owner.CLIENT;
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

    boolean stoppedBy(Owner who) {
        return state == State.STOPPED && owner == who;
    }

    /** Whether a stop of theirs is under way. */
    boolean stopping(Owner who) {
        return stopping != null && owner == who;
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
    void stop(Owner by, long wantedNs, Consumer<Boolean> done) {
        if (state != State.RUNNING || stopping != null || waiting) {
            throw new RequestException(Errno.EBUSY, "it is stopped, or about to be, or waits for its drive");
        }
        standstill().begin();
        owner = by;
        stopping = done;
        limitNs = wantedNs;
        limited = false;
    }

    /**
     * Ends a stop that is under way.
     *
     * @param heard whether all is read that the client has sent, as far as that matters
     * @return how much was done
     */
    int poll(long nowNs, boolean heard) {
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
        boolean still = heard && channel.idle() && (late ? standstill.settled() : standstill.drained());
        if (!still && !late) {
            return 0;
        }
        stopping = null;
        if (still) {
            reached(owner);
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

    private void reached(Owner by) {
        standstill().reach();
        owner = by;
        state = State.STOPPED;
        kept.publishInt(ConnectionState.MIGRATION, by.kept);
    }

    /** @throws RequestException EINVAL when it is not stopped, EBUSY when another one has */
    void run(Owner by) {
        checkStopped(by);
        goOn();
    }

    private void goOn() {
        taken = false;
        state = State.RUNNING;
        kept.publishInt(ConnectionState.MIGRATION, 0);
        standstill().end();
        function.goneOn();
    }

    private void checkStopped(Owner by) {
        if (state != State.STOPPED || waiting) {
            throw new RequestException(Errno.EINVAL, "it is not stopped, or waits for its drive");
        }
        if (owner != by) {
            throw new RequestException(Errno.EBUSY, "it is stopped by its " + owner);
        }
    }

    /** All that another function needs to be this one. @throws RequestException as {@link #run} */
    byte[] save(Owner by) {
        checkStopped(by);
        DeviceStateWriter out = new DeviceStateWriter();
        standstill().image().write(out);
        FunctionImage.of(function).write(out);
        return out.finish();
    }

    /** A state is awaited: the function cannot be used until one was loaded. */
    void awaits() {
        kept.publishInt(ConnectionState.MIGRATION, BROKEN);
    }

    /**
     * Becomes the function that a stream tells of, and stays stopped. The client's eventfds and memory stay its own.
     *
     * @throws DeviceStateException when it cannot: it is as it was
     * @throws RequestException as {@link #run}
     */
    void load(Owner by, byte[] stream) {
        checkStopped(by);
        DeviceStateReader in = new DeviceStateReader(stream);
        ControllerImage controllerImage = ControllerImage.read(in);
        FunctionImage image = FunctionImage.read(in);
        in.end();
        image.check(function);
        int before = kept.getInt(ConnectionState.MIGRATION);
        kept.publishInt(ConnectionState.MIGRATION, BROKEN);
        state = State.BROKEN;
        try {
            standstill().load(controllerImage);
        } catch (DeviceStateException e) {
            kept.publishInt(ConnectionState.MIGRATION, before);
            state = State.STOPPED;
            throw e;
        }
        function.load(image);
        kept.publishInt(ConnectionState.MIGRATION, by.kept);
        state = State.STOPPED;
    }

    /**
     * The same, for the daemon, of a function that nobody has used yet, which is stopped for it. One that is stopped so already
     * can be another one's still.
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
                throw new IllegalStateException(USED);
            }
            standstill().begin();
            reached(Owner.DAEMON);
            taken = true;
        } else if (!taken) {
            throw new IllegalStateException(USED);
        }
        try {
            load(Owner.DAEMON, stream);
        } catch (DeviceStateException e) {
            if (runs) {
                goOn();
            }
            throw e;
        }
    }

    /** @throws RequestException EBUSY when it must not be reset: what the daemon has taken elsewhere would go on here */
    void checkReset() {
        if (stoppedBy(Owner.DAEMON)) {
            throw new RequestException(Errno.EBUSY, "it is stopped by the daemon");
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
