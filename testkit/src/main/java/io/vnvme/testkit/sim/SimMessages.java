package io.vnvme.testkit.sim;

import io.vnvme.memory.DmaMessages;
import io.vnvme.reactor.Poller;
import io.vnvme.testkit.ram.GuestRam;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.SplittableRandom;

/** A guest's memory behind messages: transfers end some polls after they were asked for, in order, as on a socket. */
public final class SimMessages implements DmaMessages, Poller {
    private static final int PER_POLL_MAX = 4;

    private record Transfer(boolean fromGuest, long iova, MemorySegment memory, Completion completion) {}

    private final GuestRam ram;
    private final SplittableRandom random;
    private final ArrayDeque<Transfer> pending = new ArrayDeque<>();
    private boolean failing;

    public SimMessages(GuestRam ram, SplittableRandom random) {
        this.ram = ram;
        this.random = random;
    }

    /** While failing, the guest refuses every transfer. */
    public void failing(boolean refuse) {
        failing = refuse;
    }

    /** Transfers that have not ended. */
    public int pendingCount() {
        return pending.size();
    }

    @Override
    public void read(long iova, MemorySegment target, Completion completion) {
        pending.add(new Transfer(true, iova, target, completion));
    }

    @Override
    public void write(long iova, MemorySegment source, Completion completion) {
        pending.add(new Transfer(false, iova, source, completion));
    }

    @Override
    public int poll(long nowNs) {
        int count = Math.min(pending.size(), random.nextInt(PER_POLL_MAX + 1));
        for (int i = 0; i < count; i++) {
            Transfer transfer = pending.remove();
            transfer.completion().transferred(!failing && move(transfer));
        }
        return count;
    }

    @Override
    public long prepareSleep(long nowNs) {
        return pending.isEmpty() ? UNLIMITED : 0;
    }

    /** Moves the bytes region by region; false when one of them is not there. */
    private boolean move(Transfer transfer) {
        RamLayout layout = ram.layout();
        long done = 0;
        while (done < transfer.memory().byteSize()) {
            long offset = layout.offset(transfer.iova() + done);
            if (offset < 0) {
                return false;
            }
            long inRegion = layout.regionBytes() - offset % layout.regionBytes();
            long part = Math.min(inRegion, transfer.memory().byteSize() - done);
            if (transfer.fromGuest()) {
                MemorySegment.copy(ram.segment(), offset, transfer.memory(), done, part);
            } else {
                MemorySegment.copy(transfer.memory(), done, ram.segment(), offset, part);
            }
            done += part;
        }
        return true;
    }
}
