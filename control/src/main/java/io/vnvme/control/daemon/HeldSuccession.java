package io.vnvme.control.daemon;

import io.vnvme.control.service.Succession;
import io.vnvme.handover.HolderClient;
import java.util.Optional;

/** The holder starts the successor; this process has only to end, as if it were killed. */
record HeldSuccession(HolderClient holder) implements Succession {
    /** EX_TEMPFAIL of sysexits.h: should the successor be gone by now, another daemon takes its place. */
    private static final int STATUS = 75;

    @Override
    public Optional<String> prepare() {
        return holder.upgrade();
    }

    @Override
    public void go() {
        System.out.println("vnvme daemon ends for its successor");
        System.out.flush();
        Runtime.getRuntime().halt(STATUS);
    }
}
