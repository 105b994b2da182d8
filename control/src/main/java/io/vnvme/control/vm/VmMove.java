package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * A running VM goes from one QEMU to another together with vNVMes, of which QEMU migrates nothing.
 *
 * <p>Until {@link MovingDrives#give} whatever goes wrong, and {@link #cancel}, ends with the VM at the source as if
 * nothing had been, and the destination's QEMU ended before that, so that never two of them go on; or it does not end, which
 * is told, and is known to stand still. After it the VM is at the destination.
 */
public final class VmMove {
    private static final Logger LOG = System.getLogger(VmMove.class.getName());

    /**
     * How it is done.
     *
     * @param copyLimit how long the VM's memory may take; one that is written faster than it is sent never ends
     * @param stopLimit how long the VM may stand still while the rest is sent
     * @param progress told while memory is copied
     */
    public record Terms(Duration copyLimit, Duration stopLimit, Consumer<MoveProgress> progress) {}

    /**
     * How long the VM stood still, by what it waited for.
     *
     * @param freeze its drives stopped, and were sent
     * @param handOver what QEMU keeps of them was read, and the rest of memory and the devices went over
     * @param replay what QEMU had kept was written
     * @param load its drives became what they were, and went on
     */
    public record Standstill(Duration freeze, Duration handOver, Duration replay, Duration load) {}

    private final MoveSource source;
    private final MoveDestination destination;
    private final MovingDrives drives;
    private final Terms terms;
    private volatile boolean cancelled;

    public VmMove(MoveSource source, MoveDestination destination, MovingDrives drives, Terms terms) {
        this.source = source;
        this.destination = destination;
        this.drives = drives;
        this.terms = terms;
    }

    /** Ends the move as soon as can be, if it has not come too far. From any thread. */
    public void cancel() {
        cancelled = true;
    }

    /**
     * Moves the VM.
     *
     * @return for how long it stood still
     * @throws ProblemException when it did not move, or moved and does not go on; the message says which
     */
    public Standstill run() {
        boolean begun = false;
        long[] times;
        try {
            SortedMap<String, Integer> devices = source.prepare();
            List<String> deviceIds = List.copyOf(devices.keySet());
            String channel = destination.prepare(devices);
            begun = true;
            drives.begin(deviceIds);
            copy(channel);
            times = handOver(deviceIds);
            checkCancelled();
            drives.give();
        } catch (RuntimeException | Error e) {
            undo(begun, e);
            if (destination.ended()) {
                throw e;
            }
            throw lives(e);
        }
        goOn();
        long endNs = System.nanoTime();
        after("ending QEMU at the source", source::quit);
        after("ending the drives at the source", drives::end);
        return new Standstill(
                between(times[0], times[1]),
                between(times[1], times[2]),
                between(times[2], times[3]),
                between(times[3], endNs));
    }

    private static Duration between(long fromNs, long toNs) {
        return Duration.ofNanos(toNs - fromNs);
    }

    /** The VM runs. */
    private void copy(String channel) {
        checkCancelled();
        source.start(channel);
        long deadlineNs = System.nanoTime() + terms.copyLimit().toNanos();
        for (MoveSource.Look look = source.look(); !look.stopped(); look = source.look()) {
            terms.progress().accept(look.progress());
            drives.round();
            checkCancelled();
            if (System.nanoTime() - deadlineNs >= 0) {
                throw new ProblemException(
                        ProblemCode.VM_REFUSED,
                        "the VM writes its memory faster than it is sent: %d MiB are left after %d s"
                                .formatted(
                                        look.progress().remainingBytes() >> 20,
                                        terms.copyLimit().toSeconds()));
            }
            MovingVm.pause();
        }
    }

    /** The VM stands still. @return when each step began, in ns */
    private long[] handOver(List<String> deviceIds) {
        long[] times = new long[4];
        times[0] = System.nanoTime();
        drives.freeze();
        times[1] = System.nanoTime();
        Map<String, PciImage> images = source.images(deviceIds);
        checkCancelled();
        source.handOver(terms.stopLimit());
        destination.awaitArrival(terms.stopLimit());
        times[2] = System.nanoTime();
        destination.replay(images);
        times[3] = System.nanoTime();
        drives.load();
        return times;
    }

    private void checkCancelled() {
        if (cancelled) {
            throw new ProblemException(ProblemCode.VM_REFUSED, "the move was cancelled: the VM stays where it was");
        }
    }

    private void goOn() {
        try {
            drives.resume();
            if (source.wasRunning()) {
                destination.goOn();
            }
        } catch (RuntimeException | Error e) {
            throw new ProblemException(
                    ProblemCode.VM_REFUSED,
                    "the VM is at the destination, and does not go on there: %s".formatted(e.getMessage()),
                    e);
        }
    }

    /** What fails here changes nothing for the VM. */
    private static void after(String what, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, what, e);
        }
    }

    /** Each step is tried, whatever becomes of those before it: they are what the VM goes on with. */
    private void undo(boolean begun, Throwable why) {
        boolean interrupted = Thread.interrupted();
        attempt(why, source::cancel);
        attempt(why, source::putBack);
        attempt(why, destination::quit);
        if (begun) {
            attempt(why, drives::giveUp);
        }
        if (!destination.mayRun()) {
            attempt(why, source::goOn);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private ProblemException lives(Throwable why) {
        return new ProblemException(
                ProblemCode.VM_REFUSED,
                "%s. QEMU at the destination does not end, and %s"
                        .formatted(
                                why.getMessage(),
                                destination.mayRun()
                                        ? "may run the VM, which stands still at the source: end that QEMU's process, then let the VM go on (cont)"
                                        : "has a VM that stands still: end its process before anybody lets it go on, the VM is at the source"),
                why);
    }

    private static void attempt(Throwable why, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            why.addSuppressed(e);
        }
    }
}
