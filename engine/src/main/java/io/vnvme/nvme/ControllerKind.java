package io.vnvme.nvme;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What differs between controllers by the transport that hosts reach them by, and by what they are for: all of it is said here,
 * and nothing else in this package asks.
 *
 * <p>A memory-based transport has queues in the host's memory, made by commands; a message-based one (NVMe over Fabrics)
 * has them made by Connect, and a host that Connect names.
 */
abstract class ControllerKind {
    /** CAP. */
    abstract long capabilities();

    /** Says in the Identify Controller data structure what is particular to this kind. */
    abstract void describe(MemorySegment page);

    /** Whether an admin command exists here. */
    abstract boolean admits(int adminOpcode);

    /** Whether a log page exists here. */
    abstract boolean hasLogPage(int logPage);

    /** True when several controllers of one subsystem may show a namespace at once, to different hosts or one. */
    abstract boolean shared();

    /** True when a command's data pointer has to describe exactly what the command returns, and all that it takes. */
    abstract boolean exactLengths();

    /** The Keep Alive Timeout that a host has before it sets one, in milliseconds. */
    abstract int keepAliveMs();

    /** The host, as the transport knows it; null when only a feature names it. */
    abstract Reservations.@Nullable Host host();

    /** The identifier by which the host knows a command, in what error log entries say. */
    abstract int commandId(Request request);

    /** The Discovery log page as it is now, of any size. */
    MemorySegment discoveryLog() {
        throw new IllegalStateException("no discovery controller");
    }
}
