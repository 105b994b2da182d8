package io.vnvme.control.service;

import io.vnvme.control.job.JobProgress;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.VolumeMove;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/** The copies that one move is made of - a volume's snapshots, then the volume - each looked after until it is whole. */
final class Copying {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
    /** Between two tries to switch, so that a target which is slow at times is met at another. */
    private static final Duration TRY_AGAIN = Duration.ofMillis(250);

    private static final int TRIES = 20;
    /** A guest that is slowed down and still ahead after so many rounds stays so. */
    private static final int ROUNDS_MAX = 200;

    private final String name;
    private final OpenPool source;
    private final OpenPool target;
    private final JobProgress progress;
    private final Map<String, VolumeMove> underWay;
    private long beforeBytes;

    /**
     * @param name of the vNVMe that moves
     * @param underWay what is shown of moves; by vNVMe
     */
    Copying(String name, OpenPool source, OpenPool target, JobProgress progress, Map<String, VolumeMove> underWay) {
        this.name = name;
        this.source = source;
        this.target = target;
        this.progress = progress;
        this.underWay = underWay;
    }

    /** In all copies. */
    long copiedBytes() {
        return beforeBytes;
    }

    /**
     * Returns when a copy was switched to.
     *
     * @param what it is a copy of, for people
     * @param switchOver tries that; false: it is to be tried again
     * @return how it was at the end
     * @throws CancellationException when the job was cancelled
     * @throws ProblemException when the volume stays where it is
     */
    VolumeMove.State whole(String what, VolumeMove move, BooleanSupplier switchOver) {
        return whole(what, move, switchOver, true);
    }

    /** The same of a snapshot: nobody is held up for it, so it is waited for as long as it takes. */
    void snapshot(String what, VolumeMove copy) {
        whole(what, copy, () -> copy.switchOver(VolumeMoves.FREEZE, () -> {}), false);
    }

    private VolumeMove.State whole(String what, VolumeMove move, BooleanSupplier switchOver, boolean inUse) {
        underWay.put(name, move);
        try {
            int tries = 0;
            while (true) {
                VolumeMove.State state = look(what, move);
                if (move.ready()) {
                    progress.step("switch " + what);
                    if (switchOver.getAsBoolean()) {
                        VolumeMove.State end = move.state();
                        beforeBytes += end.copiedBytes();
                        return end;
                    }
                    if (inUse) {
                        if (++tries == TRIES) {
                            throw tooSlow(state);
                        }
                        pause(TRY_AGAIN);
                    }
                } else if (state.round() > ROUNDS_MAX) {
                    throw tooSlow(state);
                }
                pause(LOOK_AGAIN);
            }
        } catch (RuntimeException e) {
            move.cancel();
            throw e;
        } finally {
            underWay.remove(name);
        }
    }

    private VolumeMove.State look(String what, VolumeMove move) {
        if (progress.cancelled()) {
            throw new CancellationException();
        }
        move.failure().ifPresent(why -> {
            throw new ProblemException(
                    ProblemCode.POOL_UNAVAILABLE,
                    "%s stays where it is, and nobody who uses it noticed: in pool %s, %s"
                            .formatted(name, target.name(), why));
        });
        if (target.facts().heldWriteCount() > 0) {
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "%s stays where it is: pool %s is full; grow it, or free some".formatted(name, target.name()));
        }
        VolumeMove.State state = move.state();
        if (state.round() == 0 && source.facts().heldWriteCount() > 0) {
            // What guests had begun before has to end first, and does not without space.
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "%s stays where it is: pool %s is full and holds writes back; grow it, or free some, and move then"
                            .formatted(name, source.name()));
        }
        progress.at(beforeBytes + state.copiedBytes(), beforeBytes + state.copiedBytes() + state.dirtyBytes());
        progress.step(
                state.round() == 0
                        ? "look what there is in " + what
                        : "copy %s, round %d: %s to go%s"
                                .formatted(
                                        what,
                                        state.round(),
                                        ByteSize.format(state.dirtyBytes()),
                                        state.slowed() ? ", guests' writes are slowed down" : ""));
        return state;
    }

    private ProblemException tooSlow(VolumeMove.State state) {
        return new ProblemException(
                ProblemCode.MOVE_REFUSED,
                "%s stays where it is: guests write faster than pool %s takes it (%s/s), or that cannot make it durable within %d ms; try again when there is less to do"
                        .formatted(
                                name,
                                target.name(),
                                ByteSize.format(state.bytesPerSecond()),
                                VolumeMoves.FREEZE.toMillis()));
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException();
        }
    }
}
