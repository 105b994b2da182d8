package io.vnvme.bench.stress;

import io.vnvme.nvme.EventIndex;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A host moves its shadow doorbell from 0 to 1 while the controller goes to sleep: the host rings, or the controller sees the
 * doorbell, or both.
 */
@JCStressTest
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "The command waits for ever: a lost wake-up.")
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "The host wakes a controller that sleeps.")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "The controller sees it and does not sleep.")
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "A ring that was not needed.")
@State
public class SleepProtocol {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    /** Where the host is not about to come by. */
    private static final int BEHIND = 7;

    // On the heap, because jcstress makes millions of them: the accesses are the same.
    private final MemorySegment shadows = MemorySegment.ofArray(new int[1]);
    private final MemorySegment indexes = MemorySegment.ofArray(new int[1]);

    public SleepProtocol() {
        INT.setVolatile(indexes, 0L, BEHIND);
    }

    /** As Linux's nvme_dbbuf_update_and_check_event has it. */
    @Actor
    public void host(ZZ_Result result) {
        INT.setRelease(shadows, 0L, 1);
        VarHandle.fullFence();
        result.r1 = (int) INT.getAcquire(indexes, 0L) == 0;
    }

    @Actor
    public void controller(ZZ_Result result) {
        EventIndex.arm(indexes, 0, 0);
        EventIndex.fence();
        result.r2 = EventIndex.look(shadows, 0) == 1;
    }
}
