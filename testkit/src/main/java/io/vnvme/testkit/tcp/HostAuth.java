package io.vnvme.testkit.tcp;

import io.vnvme.fabrics.auth.AuthException;
import io.vnvme.fabrics.auth.HostExchange;
import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import java.util.Optional;

/** DH-HMAC-CHAP of a host on one of its queues. */
public final class HostAuth {
    private static final int PROTOCOL = Fabrics.AUTH_NVME;

    private final HostQueue queue;
    private final String hostNqn;
    private final String nqn;
    private int transaction = 7;

    public HostAuth(HostQueue queue, String hostNqn, String nqn) {
        this.queue = queue;
        this.hostNqn = hostNqn;
        this.nqn = nqn;
    }

    /** Authenticates, from the beginning. @throws AuthException when the controller refuses, or is refused */
    public void run(Credentials credentials) {
        HostExchange exchange = new HostExchange(hostNqn, nqn, credentials, transaction++);
        send(exchange.negotiate()).orThrow();
        try {
            send(exchange.reply(receive(HostExchange.RECEIVE_BYTES).orThrow().data()))
                    .orThrow();
            Optional<byte[]> last = exchange.finish(
                    receive(HostExchange.RECEIVE_BYTES).orThrow().data());
            last.ifPresent(message -> send(message).orThrow());
        } catch (AuthException e) {
            exchange.refusal(e).ifPresent(this::send);
            throw e;
        }
    }

    /** Authentication Send, whatever it sends. */
    public Completion send(byte[] message) {
        Command command = HostQueue.fabrics(Fabrics.AUTHENTICATION_SEND)
                .dword(10, PROTOCOL)
                .dword(11, message.length);
        return queue.execute(command, message).completion();
    }

    /** Authentication Receive. */
    public HostQueue.Result receive(int bytes) {
        Command command = HostQueue.fabrics(Fabrics.AUTHENTICATION_RECEIVE)
                .dword(10, PROTOCOL)
                .dword(11, bytes);
        return queue.read(command, bytes);
    }
}
