package io.vnvme.drive.nvmetcp;

import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * How this host and targets come to know who the other is.
 *
 * @param keys asked for with each connection, on any thread: other ones count from the next connection on
 * @param worker runs elsewhere what computes for long, and soon; false: there is no room for it now
 */
public record RemoteTrust(Supplier<TargetKeys> keys, Predicate<Runnable> worker) {
    /** Without keys. */
    public static final RemoteTrust NONE = new RemoteTrust(() -> TargetKeys.NONE, _ -> false);
}
