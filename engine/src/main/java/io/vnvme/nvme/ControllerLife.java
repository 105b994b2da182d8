package io.vnvme.nvme;

import io.vnvme.nvme.wire.Registers;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a controller by its registers: enabled, running, being reset, shut down, failed (NVM Express Base 2.0, 3.5 and 3.6).
 */
final class ControllerLife {
    private final Controller controller;
    private final ControllerState state;
    private int pageBytes = 4096;
    private long epoch;
    /** Flushes of shutdowns that have not ended. */
    private int flushes;

    private boolean running;
    private boolean draining;
    private @Nullable String failure;

    ControllerLife(Controller controller, ControllerState state) {
        this.controller = controller;
        this.state = state;
    }

    int pageBytes() {
        return pageBytes;
    }

    /** Counts resets: what was begun under another epoch is void. */
    long epoch() {
        return epoch;
    }

    boolean draining() {
        return draining;
    }

    /** Whether a shutdown has work under way. */
    boolean flushing() {
        return flushes > 0;
    }

    @Nullable
    String failure() {
        return failure;
    }

    /** CC was written. */
    void configure(int cc) {
        int old = state.getInt(ControllerState.CC);
        state.setInt(ControllerState.CC, cc);
        if (!Registers.enabled(old) && Registers.enabled(cc)) {
            // A host that did not wait for CSTS.RDY to clear is enabled once it has.
            if (!draining) {
                enable(cc);
            }
        } else if (Registers.enabled(old) && !Registers.enabled(cc)) {
            stop();
            draining = true;
            finishReset();
        }
        if (Registers.shutdown(cc) != 0
                && Registers.shutdown(old) == 0
                && !controller.standstill().reached()) {
            shutDown();
        }
    }

    /** Whether it can be enabled with these registers. */
    boolean enables(int cc, int aqa) {
        int set = Registers.commandSet(cc);
        return (set == Registers.CSS_NVM || set == Registers.CSS_ALL || set == Registers.CSS_ADMIN_ONLY)
                && Registers.arbitrates(controller.kind().capabilities(), Registers.arbitration(cc))
                && Registers.pageBytes(cc)
                        <= Registers.pageBytesMax(controller.kind().capabilities())
                && Registers.adminSqEntries(aqa) >= 2
                && Registers.adminCqEntries(aqa) >= 2;
    }

    void enable(int cc) {
        int aqa = state.getInt(ControllerState.AQA);
        if (!enables(cc, aqa)) {
            fatal("enabled with CC 0x%08x and AQA 0x%08x".formatted(cc, aqa));
            return;
        }
        pageBytes = Registers.pageBytes(cc);
        failure = null;
        controller.doorbells().reset();
        CompletionQueue completions = new CompletionQueue(
                controller, 0, state.getLong(ControllerState.ACQ), Registers.adminCqEntries(aqa), 0, true);
        controller.completionQueue(0, completions);
        SubmissionQueue queue = new SubmissionQueue(
                controller, 0, state.getLong(ControllerState.ASQ), Registers.adminSqEntries(aqa), 0, completions);
        controller.submissionQueue(0, queue);
        controller.features().reset();
        controller.rearbitrate();
        running = true;
        state.setInt(ControllerState.CSTS, Registers.CSTS_RDY);
    }

    /** It was being reset when the other process ended. */
    void goOnResetting() {
        stop();
        draining = true;
    }

    /** The other process had found that it cannot go on. */
    void failedBefore() {
        failure = "failed under an earlier daemon";
    }

    /** The queues are there that the other process served, and run from now on. */
    void run(int cc) {
        pageBytes = Registers.pageBytes(cc);
        running = true;
    }

    boolean running() {
        return running;
    }

    /** Ends all queues at once; commands in flight become void. */
    void stop() {
        running = false;
        epoch++;
        controller.dispatcher().waiting().reset();
        controller.events().reset();
        controller.forgetQueues();
        controller.dispatcher().admin().queues().reset();
        controller.namespaces().reset();
        controller.keepAlive().stop();
        controller.doorbells().reset();
        state.clearQueues();
        state.setLong(ControllerState.SHADOW_DOORBELLS, 0);
        state.setLong(ControllerState.EVENT_INDEX, 0);
        state.setInt(ControllerState.INTERRUPT_MASK, 0);
        controller.rearbitrate();
    }

    /** Goes on with a reset whose work has ended. */
    void finishReset() {
        if (draining && controller.dispatcher().volumeWork() == 0) {
            draining = false;
            state.setInt(ControllerState.CSTS, 0);
            int cc = state.getInt(ControllerState.CC);
            if (Registers.enabled(cc)) {
                enable(cc);
            }
        }
    }

    /** Whether CC asks for a shutdown that was not begun: a standstill, or the end of a process, came between. */
    boolean shutdownOwed() {
        int told = Registers.CSTS_RDY | Registers.CSTS_CFS | Registers.CSTS_SHST_MASK;
        return Registers.shutdown(state.getInt(ControllerState.CC)) != 0
                && (state.getInt(ControllerState.CSTS) & told) == Registers.CSTS_RDY;
    }

    /** Makes all that was written durable, then says so in CSTS.SHST. */
    void shutDown() {
        int status = state.getInt(ControllerState.CSTS) & ~Registers.CSTS_SHST_MASK;
        state.setInt(ControllerState.CSTS, status | Registers.CSTS_SHST_OCCURRING);
        long begun = epoch;
        flushes++;
        new ShutdownFlush(controller.namespaces(), why -> {
                    flushes--;
                    if (begun != epoch) {
                        return;
                    }
                    if (why.isPresent()) {
                        fatal(why.get());
                        return;
                    }
                    int now = state.getInt(ControllerState.CSTS) & ~Registers.CSTS_SHST_MASK;
                    state.setInt(ControllerState.CSTS, now | Registers.CSTS_SHST_COMPLETE);
                })
                .begin();
    }

    /** The controller cannot go on: says so in CSTS.CFS and does nothing more until it is reset. */
    void fatal(String reason) {
        failure = reason;
        stop();
        state.setInt(ControllerState.CSTS, state.getInt(ControllerState.CSTS) | Registers.CSTS_CFS);
    }

    /** Resets everything to the state of power-on, as a function level reset does; namespaces stay attached. */
    void reset() {
        stop();
        state.setInt(ControllerState.CC, 0);
        state.setInt(ControllerState.AQA, 0);
        state.setLong(ControllerState.ASQ, 0);
        state.setLong(ControllerState.ACQ, 0);
        controller.features().reset();
        draining = true;
        finishReset();
    }
}
