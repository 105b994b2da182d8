package io.vnvme.frontend.tcp;

import io.vnvme.nvme.Controller;
import io.vnvme.nvme.FabricsLimits;
import io.vnvme.nvme.wire.Pdu;

/** What hosts may have, in bytes, entries and time: all that is kept for them is bounded by these. */
final class Limits {
    /** Data that a command capsule carries: writes up to this need no R2T, and no memory but their command's own. */
    static final int IN_CAPSULE_BYTES = 16 << 10;
    /** Commands of one queue at a time: entries of the largest queue. */
    static final int COMMANDS_MAX = 256;
    /** Transfers of more than a capsule's data that one host has going at once; others wait for one of them. */
    static final int LARGE_TRANSFERS = 32;

    static final int TRANSFER_MAX = (int) Controller.TRANSFER_MAX;
    /** Most data in one H2CData. */
    static final int H2C_DATA_MAX = TRANSFER_MAX;

    static final FabricsLimits FABRICS =
            new FabricsLimits(COMMANDS_MAX, 64 + IN_CAPSULE_BYTES, Pdu.CAPSULE_RESP_BYTES - Pdu.COMMON_BYTES);

    /** From accepting a connection to its Connect command. */
    static final long HANDSHAKE_NS = 10_000_000_000L;
    /** For a host that has to authenticate, between two messages; the slowest group takes a slow host some seconds. */
    static final long AUTHENTICATION_NS = 20_000_000_000L;
    /** For a host to take what is sent to it last, and to close its end. */
    static final long FAREWELL_NS = 3_000_000_000L;
    /** For a host that no Keep Alive Timeout watches to send a command: Base Specification 2.0, 3.1.2.3. */
    static final long SILENCE_NS = 120_000_000_000L;

    private Limits() {}
}
