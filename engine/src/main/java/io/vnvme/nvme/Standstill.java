package io.vnvme.nvme;

import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Brings a controller to rest, so that its state can go elsewhere, and lets it go on where it was.
 *
 * <p>From {@link #begin} on nothing is fetched, and what was begun goes on. When it has come to rest, {@link #reach} ends all that
 * the controller does of itself: what waits then - for an event, for its turn, for another command's blocks - stays in its slot,
 * and is begun anew by whoever takes the state up. Doorbells that are rung meanwhile are read by whoever goes on.
 *
 * <p>On the controller's reactor.
 */
public final class Standstill {
    private enum Stage {
        NONE,
        BEGUN,
        REACHED
    }

    private final Controller controller;
    /** Commands whose wait for others' blocks has ended: they begin when the controller goes on. */
    private final ArrayDeque<Request> waiting = new ArrayDeque<>();

    private Stage stage = Stage.NONE;

    /** What the controller becomes when it goes on. */
    private @Nullable ControllerImage loaded;

    Standstill(Controller controller) {
        this.controller = controller;
    }

    /** Nothing is fetched any more. */
    public void begin() {
        if (stage == Stage.NONE) {
            stage = Stage.BEGUN;
        }
    }

    public boolean begun() {
        return stage != Stage.NONE;
    }

    public boolean reached() {
        return stage == Stage.REACHED;
    }

    /**
     * True when no drive works for it, so that nothing it has begun can change a block or the guest's memory later. What goes by
     * {@link io.vnvme.memory.DmaMessages} is for their owner to know.
     */
    public boolean settled() {
        return controller.settled();
    }

    /** True when, besides, all commands have ended but those that may wait for ever. */
    public boolean drained() {
        return settled() && (!controller.busMaster() || unfinished() == 0);
    }

    /** Commands that were fetched and will end by themselves. */
    private int unfinished() {
        int unfinished = -controller.events().outstanding();
        for (int id = 0; id < ControllerState.QUEUES; id++) {
            SubmissionQueue queue = controller.submissionQueue(id);
            if (queue != null) {
                unfinished += queue.inFlight() - (queue.fusedFirst() == null ? 0 : 1);
            }
        }
        return unfinished;
    }

    /**
     * Nothing is done any more until {@link #end}.
     *
     * @throws IllegalStateException when it is not {@link #settled}
     */
    public void reach() {
        if (!settled()) {
            throw new IllegalStateException(
                    "a drive still works for controller %d".formatted(controller.controllerId()));
        }
        stage = Stage.REACHED;
    }

    /** What the controller is. @throws IllegalStateException when it is not {@link #reached} */
    public ControllerImage image() {
        checkReached();
        return ControllerImage.of(controller);
    }

    /**
     * The controller becomes what another one was, once it goes on. What it was itself is forgotten.
     *
     * @throws io.vnvme.devicestate.DeviceStateException when it cannot: it is as it was
     * @throws IllegalStateException when it is not {@link #reached}
     */
    public void load(ControllerImage image) {
        checkReached();
        image.check(controller);
        controller.reset();
        image.store(controller);
        controller.loaded();
        loaded = image;
    }

    private void checkReached() {
        if (!reached()) {
            throw new IllegalStateException("controller %d does not stand still".formatted(controller.controllerId()));
        }
    }

    /**
     * Goes on; with the state that was loaded, or another process left, when there is one. What was changed meanwhile takes effect
     * now: bus mastering, a shutdown that is asked for, namespaces that are others than those that were compared.
     */
    public void end() {
        stage = Stage.NONE;
        controller.keepAlive().alive();
        if (controller.adopted()) {
            controller.resume();
        } else if (controller.life().shutdownOwed()) {
            controller.life().shutDown();
        }
        if (controller.busMaster()) {
            controller.dispatcher().waiting().releaseHeld();
        }
        ControllerImage was = loaded;
        loaded = null;
        if (was != null) {
            was.identity().differing(controller).forEach(controller.namespaces()::changed);
        }
        for (Request request = waiting.poll(); request != null; request = waiting.poll()) {
            controller.dispatcher().unlocked(request);
        }
    }

    /** A command could go on, were it not for this. */
    void waits(Request request) {
        waiting.add(request);
    }

    /** The controller was reset. */
    void withdrawAll(Queue<Request> out) {
        out.addAll(waiting);
        waiting.clear();
    }
}
