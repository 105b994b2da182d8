package io.vnvme.testkit.tcp;

import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.DriverException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A host with a controller: its admin queue, enabled, and I/O queues as they are asked for. */
public final class TcpHost implements AutoCloseable {
    private static final int ADMIN_ENTRIES = 32;
    /** CC as Linux sets it: entries of 64 and 16 bytes, the NVM command set, enabled. */
    private static final int CC_ENABLED = 0x0046_0001;

    private static final int TURNS_MAX = 10_000;

    private final Supplier<PduChannel> connections;
    private final String nqn;
    private final HostOptions options;
    private final Optional<Credentials> credentials;
    private final HostQueue admin;
    private final int controllerId;
    private final List<HostQueue> queues = new ArrayList<>();
    private ByteBuffer identify = ByteBuffer.allocate(0);

    private TcpHost(
            Supplier<PduChannel> connections, String nqn, HostOptions options, Optional<Credentials> credentials) {
        this.connections = connections;
        this.nqn = nqn;
        this.options = options;
        this.credentials = credentials;
        admin = HostQueue.greet(connections.get(), options);
        try {
            int answer = admin.connect(nqn, 0, ADMIN_ENTRIES, Fabrics.CNTLID_DYNAMIC)
                    .orThrow()
                    .dword0();
            controllerId = answer & 0xffff;
            authenticate(admin, answer);
            enable();
        } catch (RuntimeException e) {
            admin.close();
            throw e;
        }
    }

    public static TcpHost connect(InetSocketAddress address, String nqn, HostOptions options) {
        return new TcpHost(() -> PduChannel.connect(address), nqn, options, Optional.empty());
    }

    /** One whose connections are made in another way. */
    public static TcpHost connect(Supplier<PduChannel> connections, String nqn, HostOptions options) {
        return new TcpHost(connections, nqn, options, Optional.empty());
    }

    /** One that authenticates where it has to. */
    public static TcpHost connect(InetSocketAddress address, String nqn, HostOptions options, Credentials credentials) {
        return new TcpHost(() -> PduChannel.connect(address), nqn, options, Optional.of(credentials));
    }

    private void authenticate(HostQueue queue, int connectAnswer) {
        if ((connectAnswer & Fabrics.AUTHENTICATION_REQUIRED) != 0) {
            credentials.ifPresent(known -> new HostAuth(queue, options.hostNqn(), nqn).run(known));
        }
    }

    /** Enables the controller and reads what it is. */
    public void enable() {
        admin.propertySet(Registers.CC, CC_ENABLED).orThrow();
        awaitStatus(Registers.CSTS_RDY, Registers.CSTS_RDY);
        identify = ByteBuffer.wrap(
                        admin.read(Command.identify(1, 0), 4096).orThrow().data())
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Disables it: its I/O queues are gone. */
    public void disable() {
        admin.propertySet(Registers.CC, CC_ENABLED & ~1).orThrow();
        awaitStatus(Registers.CSTS_RDY, 0);
        queues.forEach(HostQueue::close);
        queues.clear();
    }

    private void awaitStatus(int mask, int value) {
        for (int i = 0; i < TURNS_MAX; i++) {
            if ((admin.propertyGet(Registers.CSTS, false) & mask) == value) {
                return;
            }
        }
        throw new DriverException("CSTS does not become " + value);
    }

    /** Identify Controller. */
    public ByteBuffer identify() {
        return identify;
    }

    public int controllerId() {
        return controllerId;
    }

    public HostQueue admin() {
        return admin;
    }

    /** Connects the next I/O queue. */
    public HostQueue ioQueue(int entries) {
        HostQueue queue = HostQueue.greet(connections.get(), options);
        try {
            authenticate(
                    queue,
                    queue.connect(nqn, queues.size() + 1, entries, controllerId)
                            .orThrow()
                            .dword0());
        } catch (RuntimeException e) {
            queue.close();
            throw e;
        }
        queue.capsuleBytesMax(identify.getInt(1792) * 16 - 64);
        queues.add(queue);
        return queue;
    }

    /** Goes without a word. */
    @Override
    public void close() {
        queues.forEach(HostQueue::close);
        admin.close();
    }
}
