package io.vnvme.drive.nvmetcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What Identify says of a controller.
 *
 * @param transferMax most data of one command, in bytes
 * @param inCapsuleMax most data that a command capsule of an I/O queue carries, in bytes
 * @param keepAliveUnitMs of its Keep Alive Timer, KAS: a timeout is rounded up to a multiple
 * @param quiesceMs after it has given a host up, for so long its commands may still be carried out
 * @param events which notices it can send: OAES
 * @param anaReporting whether it has states of asymmetric namespace access
 * @param anaGroups how many groups these are for
 */
record ControllerFacts(
        int transferMax,
        int inCapsuleMax,
        int keepAliveUnitMs,
        int quiesceMs,
        int events,
        boolean anaReporting,
        int anaGroups,
        boolean writeCache,
        boolean writeZeroes) {
    // Identify Controller (NVM Express Base 2.0, figure 275; CQT from 2.1).
    private static final long CMIC = 76;
    private static final long MDTS = 77;
    private static final long OAES = 92;
    private static final long KAS = 320;
    private static final long NANAGRPID = 348;
    private static final long CQT = 386;
    private static final long ONCS = 520;
    private static final long VWC = 525;
    private static final long IOCCSZ = 1792;
    private static final long IORCSZ = 1796;
    private static final long ICDOFF = 1800;
    private static final int CMIC_ANA = 1 << 3;
    private static final int ONCS_WRITE_ZEROES = 1 << 3;
    private static final int CAPSULE_UNIT = 16;
    private static final int ENTRY_UNITS = 4;
    private static final int PAGE_SHIFT = 12;
    private static final int KAS_MS = 100;
    /** Of what says nothing about it: more than any of them needs to have its drives answer. */
    private static final int QUIESCE_MS = 1000;

    /** @throws RemoteException when it is of a kind that cannot be used */
    static ControllerFacts decode(MemorySegment page, int transferMax, int pageShiftMin) {
        int unit = Short.toUnsignedInt(page.get(ValueLayout.JAVA_SHORT_UNALIGNED, KAS)) * KAS_MS;
        if (unit == 0) {
            throw new RemoteException("the target has no Keep Alive Timer, without which nobody knows what became of "
                    + "commands when a path is lost");
        }
        int units = page.get(ValueLayout.JAVA_INT_UNALIGNED, IOCCSZ);
        if (units < ENTRY_UNITS || page.get(ValueLayout.JAVA_INT_UNALIGNED, IORCSZ) < 1) {
            throw new RemoteException("the target's capsules have no room for a command");
        }
        boolean dataFollows = page.get(ValueLayout.JAVA_SHORT_UNALIGNED, ICDOFF) == 0;
        long inCapsule = dataFollows ? (long) (units - ENTRY_UNITS) * CAPSULE_UNIT : 0;
        int mdts = page.get(ValueLayout.JAVA_BYTE, MDTS) & 0xff;
        int shift = mdts == 0 ? Integer.SIZE : mdts + PAGE_SHIFT + pageShiftMin;
        int quiesce = Short.toUnsignedInt(page.get(ValueLayout.JAVA_SHORT_UNALIGNED, CQT));
        return new ControllerFacts(
                shift < Integer.SIZE - 2 ? Math.min(transferMax, 1 << shift) : transferMax,
                (int) Math.min(inCapsule, transferMax),
                unit,
                quiesce == 0 ? QUIESCE_MS : quiesce,
                page.get(ValueLayout.JAVA_INT_UNALIGNED, OAES),
                (page.get(ValueLayout.JAVA_BYTE, CMIC) & CMIC_ANA) != 0,
                page.get(ValueLayout.JAVA_INT_UNALIGNED, NANAGRPID),
                (page.get(ValueLayout.JAVA_BYTE, VWC) & 1) != 0,
                (page.get(ValueLayout.JAVA_SHORT_UNALIGNED, ONCS) & ONCS_WRITE_ZEROES) != 0);
    }
}
