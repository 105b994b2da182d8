package io.vnvme.bench.pool;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.reactor.Poller;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A RAM drive whose reactor has another one make some of its copies: what one pool would gain from a second reactor that has
 * none of its maps. Not a part of the product: docs/adr/017 has what came of it.
 *
 * <p>Requests go over in a ring, and come back in it in their order; each side tells how far it is once a pass.
 */
final class LentCopies implements Drive {
    private static final int SLOTS = 1024;
    private static final int MASK = SLOTS - 1;
    /** Longs between counters that are written by different threads. */
    private static final int STRIDE = 16;

    private static final int GIVEN = STRIDE;
    private static final int MADE = 2 * STRIDE;
    private static final VarHandle COUNTER = MethodHandles.arrayElementVarHandle(long[].class);

    private final RamDrive memory;
    /** Of each eight requests, how many are lent. */
    private final int eighths;

    private final Io[] requests = new Io[SLOTS];
    private final int[] statuses = new int[SLOTS];
    /** What the owner has given, and what the helper has made, each as the other may see it. */
    private final long[] counters = new long[4 * STRIDE];
    // The owner's.
    private long given;
    private long taken;
    private int turn;
    // The helper's.
    private long made;

    LentCopies(RamDrive memory, int eighths) {
        this.memory = memory;
        this.eighths = eighths;
    }

    @Override
    public String name() {
        return memory.name();
    }

    @Override
    public long sizeBytes() {
        return memory.sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return memory.blockSizeBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return memory.volatileWriteCache();
    }

    @Override
    public int submit(Io io) {
        boolean moves = io.operation() == Io.READ || io.operation() == Io.WRITE;
        if (!moves || (turn++ & 7) >= eighths || given - taken == SLOTS) {
            return memory.submit(io);
        }
        requests[(int) given & MASK] = io;
        given++;
        return IoStatus.PENDING;
    }

    /** On the owner: ends what has come back, and tells of what was given since. */
    @Override
    public int poll(long nowNs) {
        long until = (long) COUNTER.getAcquire(counters, MADE);
        int ended = (int) (until - taken);
        while (taken < until) {
            int at = (int) taken++ & MASK;
            requests[at].complete(statuses[at]);
        }
        COUNTER.setRelease(counters, GIVEN, given);
        return ended;
    }

    @Override
    public long prepareSleep(long nowNs) {
        return given == taken ? UNLIMITED : 0;
    }

    /** What the other reactor polls. */
    Poller helper() {
        return new Poller() {
            @Override
            public int poll(long nowNs) {
                long until = (long) COUNTER.getAcquire(counters, GIVEN);
                int count = (int) (until - made);
                while (made < until) {
                    int at = (int) made++ & MASK;
                    statuses[at] = memory.submit(requests[at]);
                    if ((made & 7) == 0) {
                        COUNTER.setRelease(counters, MADE, made);
                    }
                }
                COUNTER.setRelease(counters, MADE, made);
                return count;
            }

            @Override
            public long prepareSleep(long nowNs) {
                return 0;
            }
        };
    }

    @Override
    public void close() {
        memory.close();
    }
}
