package io.vnvme.control.plane;

import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.handover.Held;
import io.vnvme.memory.KeptMemory;
import io.vnvme.nvme.ReservationMemory;
import io.vnvme.pool.KeptChanges;
import java.util.Optional;

/** What a process that serves has its holder keep, as another program sees it that is to take its place. */
public final class KeptFormats {
    private KeptFormats() {}

    /** Why this program could not go on with all that is held, of which nothing is taken; nothing when it could. */
    public static Optional<String> refusal(Held held) {
        return VfioUserEndpoint.refusal(held)
                .or(() -> held.refusal(
                        name -> name.startsWith(EnginePool.HELD), fd -> KeptMemory.refusal(fd, KeptChanges.LAYOUT)))
                .or(() -> held.refusal(
                        name -> name.startsWith(HeldKeys.HELD), fd -> KeptMemory.refusal(fd, HeldKeys.LAYOUT)))
                .or(() -> held.refusal(
                        name -> name.startsWith(KeptReservations.HELD),
                        fd -> KeptMemory.refusal(fd, ReservationMemory.LAYOUT)));
    }
}
