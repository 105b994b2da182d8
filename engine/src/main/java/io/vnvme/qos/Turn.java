package io.vnvme.qos;

import org.jspecify.annotations.Nullable;

/**
 * How much a controller may do in a pass of its reactor before the others have their turn: deficit round robin by weight.
 *
 * <p>Counted in bytes that a processor could have copied in the time. What a pass overdraws, later ones do without. Of the
 * reactor's thread.
 */
public final class Turn {
    /** What a command costs beside its bytes: some two tenths of a microsecond. */
    public static final long COMMAND_COST = 2048;

    private Scheduler scheduler;
    private @Nullable Share share;
    private long quantum;
    private long credit;
    private long window = -1;
    /** What the scheduler knows of in this window already. */
    private boolean active;

    private boolean greedy;
    private boolean large;

    Turn(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** Whose weight counts; null for the usual one. */
    public void of(@Nullable Share newShare) {
        share = newShare;
    }

    /** The controller is another reactor's from now on. On that one. */
    public void enter(Scheduler itsScheduler) {
        scheduler = itsScheduler;
        window = -1;
    }

    private int weight() {
        Share of = share;
        return of == null ? Share.WEIGHT_DEFAULT : of.weight();
    }

    /** The controller's pass begins. @return what it may spend: nothing when it is not positive */
    public long begin() {
        quantum = scheduler.quantum(weight());
        // Nobody saves up more than a few small commands: they are what must not wait.
        credit = Math.min(credit + quantum, Math.max(quantum, Scheduler.SAVED_BYTES));
        return credit;
    }

    /** What a turn is at present, without what was saved or overdrawn. */
    public long bytes() {
        return quantum;
    }

    /**
     * The pass is over.
     *
     * @param spent what it cost
     * @param waiting commands that are left for later passes
     * @param cut a large request is among them, of which this pass did a part
     */
    public void end(long spent, int waiting, boolean cut) {
        if (spent <= 0) {
            return;
        }
        credit -= spent;
        if (window != scheduler.window()) {
            window = scheduler.window();
            active = false;
            greedy = false;
            large = false;
        }
        if (!active) {
            active = true;
            scheduler.active(weight());
        }
        if (!greedy && (cut || waiting > Scheduler.MODEST_COMMANDS || spent > Scheduler.MODEST_BYTES)) {
            greedy = true;
            scheduler.greedy(weight());
        }
        if (cut && !large) {
            large = true;
            scheduler.large();
        }
    }
}
