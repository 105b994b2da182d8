package io.vnvme.control.daemon;

import io.vnvme.control.service.Succession;
import io.vnvme.handover.HolderClient;
import java.util.Optional;

/** The holder starts the successor, and ends this process as if by chance. */
record HeldSuccession(HolderClient holder) implements Succession {
    @Override
    public Optional<String> prepare() {
        return holder.upgrade();
    }

    @Override
    public String go() {
        System.out.println("vnvme daemon is ended for its successor");
        System.out.flush();
        return holder.leave();
    }
}
