package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Registers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Asks a discovery controller what this host may connect to (NVM Express Base 2.0, 3.1.2.3 and 5.16.1.23). Blocks. */
public final class RemoteDiscovery implements AdminQueue.Owner {
    /** More are not listed. */
    private static final int ENTRIES_MAX = 1024;

    private static final int RECORD_BYTES = 1024;
    // The log page begins with Generation Counter, Number of Records.
    private static final long NUMREC = 8;
    private static final int ENABLE = 1 | 6 << 16 | 4 << 20;

    private final AdminQueue admin;
    private final List<DiscoveryEntry> entries = new ArrayList<>();
    private boolean done;
    private String failure = "";

    private RemoteDiscovery(Portal portal, HostIdentity host, SlotMemory memory, Inbox inbox) {
        RemoteOptions options = RemoteOptions.usual().keepAlive(Duration.ZERO);
        RemoteNamespace discovery = new RemoteNamespace(Fabrics.DISCOVERY_NQN, 0, List.of(portal), host, options);
        HostQueue.Terms terms = new HostQueue.Terms(
                discovery, portal, 0, AdminQueue.ENTRIES, Fabrics.CNTLID_DYNAMIC, TargetKeys.NONE, null);
        admin = new AdminQueue(terms, this, memory, inbox, null);
    }

    /**
     * What is there for this host.
     *
     * @throws RemoteException when nobody answers there, or not as a discovery controller does
     * @throws io.vnvme.os.NativeException when it is known at once that nobody is there
     */
    public static List<DiscoveryEntry> list(Portal portal, HostIdentity host, Duration limit) {
        Inbox inbox = AdminQueue.newInbox();
        try (SlotMemory memory = AdminQueue.newMemory()) {
            RemoteDiscovery discovery = new RemoteDiscovery(portal, host, memory, inbox);
            try {
                return discovery.run(portal, System.nanoTime() + limit.toNanos());
            } finally {
                discovery.admin.queue().close();
            }
        } finally {
            inbox.close();
        }
    }

    private List<DiscoveryEntry> run(Portal portal, long endNs) {
        while (!done && failure.isEmpty()) {
            long nowNs = System.nanoTime();
            if (nowNs >= endNs) {
                throw new RemoteException("nobody answers at " + portal.text());
            }
            int work = admin.queue().poll(nowNs);
            admin.queue().flush();
            if (work == 0) {
                RemoteDrive.pause();
            }
        }
        if (!failure.isEmpty()) {
            throw new RemoteException(portal.text() + ": " + failure);
        }
        return List.copyOf(entries);
    }

    @Override
    public void connected(int controllerId) {
        admin.propertySet(Registers.CC, ENABLE, (_, _) -> awaitReady());
    }

    private void awaitReady() {
        admin.propertyGet(Registers.CSTS, false, (status, _) -> {
            if ((status & Registers.CSTS_RDY) == 0) {
                awaitReady();
            } else {
                admin.logPage(LogPageId.DISCOVERY, 0, 0, RECORD_BYTES, (_, log) -> {
                    long count = log.get(ValueLayout.JAVA_LONG_UNALIGNED, NUMREC);
                    read((int) Math.max(0, Math.min(count, ENTRIES_MAX)));
                });
            }
        });
    }

    private void read(int count) {
        if (entries.size() >= count) {
            done = true;
            return;
        }
        // Behind the header, which has the length of a record.
        long offset = (entries.size() + 1L) * RECORD_BYTES;
        admin.logPage(LogPageId.DISCOVERY, 0, offset, RECORD_BYTES, (_, log) -> add(log, count));
    }

    private void add(MemorySegment log, int count) {
        entries.add(DiscoveryEntry.decode(log));
        read(count);
    }

    @Override
    public void progress() {}

    @Override
    public void lost(String why) {
        failure = why;
    }
}
