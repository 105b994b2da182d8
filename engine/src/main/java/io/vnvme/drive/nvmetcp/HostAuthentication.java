package io.vnvme.drive.nvmetcp;

import io.vnvme.fabrics.auth.AuthException;
import io.vnvme.fabrics.auth.FailureReason;
import io.vnvme.fabrics.auth.HostExchange;
import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Status;
import io.vnvme.reactor.Home;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * DH-HMAC-CHAP on one queue, this host's end (NVM Express Base 2.0, 8.13.5): between Connect and whatever else.
 *
 * <p>The exchange is with a worker while that computes, and here else; nothing is received meanwhile, so that what the target
 * says last is heard before its end of the connection.
 */
final class HostAuthentication {
    /**
     * What the worker has come to.
     *
     * @param message that is sent
     * @param last whether there is no other; without one it is over
     * @param failure why it has failed; empty when it has not
     */
    private record Outcome(Optional<byte[]> message, boolean last, String failure) {
        static Outcome say(byte[] message) {
            return new Outcome(Optional.of(message), false, "");
        }
    }

    private enum Await {
        WORKER,
        /** The target takes a message. */
        TAKEN,
        /** It says something. */
        SAID,
        /** It takes the last message. */
        END
    }

    private static final String OTHER_KEY = "the key here has to be the one that the target has for this host";
    private static final int TRANSACTIONS = 1 << 16;

    private final HostQueue queue;
    private final HostQueue.Terms terms;
    private final MemorySegment memory;
    private final @Nullable Home home;
    private final HostExchange exchange;
    private Await await = Await.WORKER;
    private boolean challenged;
    private String failure = "";
    private volatile @Nullable Outcome outcome;

    HostAuthentication(
            HostQueue queue,
            HostQueue.Terms terms,
            Credentials credentials,
            MemorySegment memory,
            @Nullable Home home) {
        this.queue = queue;
        this.terms = terms;
        this.memory = memory;
        this.home = home;
        RemoteNamespace namespace = terms.namespace();
        int transaction = ThreadLocalRandom.current().nextInt(TRANSACTIONS);
        exchange = new HostExchange(namespace.host().nqn(), namespace.nqn(), credentials, transaction);
    }

    void begin() {
        compute(() -> Outcome.say(exchange.negotiate()));
    }

    /**
     * Why the connection ends, in words. Some targets say nothing to a key that is another one, and are gone.
     *
     * @param why as far as the connection itself knows
     * @param gone whether it is the target that has ended it, and without a word
     */
    String words(String why, boolean gone) {
        if (!failure.isEmpty()) {
            return failure;
        }
        boolean answered = challenged && (await == Await.TAKEN || await == Await.SAID);
        return gone && answered
                ? "%s after the answer to its challenge: %s".formatted(why, OTHER_KEY)
                : "%s while %s shows who it is"
                        .formatted(why, terms.namespace().host().nqn());
    }

    /** Whether nothing that arrives is looked at. */
    boolean computing() {
        return await == Await.WORKER;
    }

    /** Whether there is something to do without anything arriving. */
    boolean ready() {
        return outcome != null;
    }

    private void compute(Supplier<Outcome> work) {
        await = Await.WORKER;
        boolean taken = terms.namespace().trust().worker().test(() -> {
            outcome = computed(work);
            if (home != null) {
                // It may be asleep.
                home.execute(() -> {});
            }
        });
        if (!taken) {
            failure = "too many connections authenticate now";
            over();
        }
    }

    private Outcome computed(Supplier<Outcome> work) {
        try {
            return work.get();
        } catch (AuthException e) {
            Optional<byte[]> last = exchange.refusal(e);
            return new Outcome(last, true, words(e, last.isEmpty()));
        } catch (RuntimeException e) {
            return new Outcome(Optional.empty(), true, "DH-HMAC-CHAP: " + e);
        }
    }

    private String words(AuthException e, boolean byTarget) {
        String advice = "";
        if (e.reason() == FailureReason.FAILED) {
            advice = byTarget
                    ? ": " + OTHER_KEY
                    : ": the controller's key here is not the one that it has, or this is not that target";
        }
        return "DH-HMAC-CHAP of %s with %s: %s%s"
                .formatted(terms.namespace().host().nqn(), terms.namespace().nqn(), e.getMessage(), advice);
    }

    /** Goes on when the worker has come to something. @return whether it had */
    boolean poll() {
        Outcome come = outcome;
        if (come == null) {
            return false;
        }
        outcome = null;
        failure = come.failure();
        if (come.message().isPresent()) {
            send(come.message().get(), come.last() ? Await.END : Await.TAKEN);
        } else {
            over();
        }
        return true;
    }

    private void over() {
        if (failure.isEmpty()) {
            queue.authenticated();
        } else {
            queue.lose(failure);
        }
    }

    private void send(byte[] message, Await then) {
        await = then;
        int slot = command(Fabrics.AUTHENTICATION_SEND, message.length);
        MemorySegment.copy(message, 0, memory, ValueLayout.JAVA_BYTE, queue.data(slot), message.length);
        queue.submit(slot, message.length, 0);
        queue.flush();
    }

    private void receive() {
        await = Await.SAID;
        queue.submit(
                command(Fabrics.AUTHENTICATION_RECEIVE, HostExchange.RECEIVE_BYTES), 0, HostExchange.RECEIVE_BYTES);
        queue.flush();
    }

    private int command(int type, int bytes) {
        int slot = queue.take();
        long entry = queue.begin(slot, AdminOpcode.FABRICS, type);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, entry + Fabrics.AUTH_PROTOCOL, Fabrics.AUTH_NVME);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, entry + Fabrics.AUTH_LENGTH, bytes);
        return slot;
    }

    /** A part of what the target says. */
    void data(int slot, int offset, MemorySegment from, long at, int length) {
        MemorySegment.copy(from, at, memory, queue.data(slot) + offset, length);
    }

    /** A command has ended. */
    void ended(int slot, int status) {
        if (await == Await.END) {
            if (failure.isEmpty() && Status.typeAndCode(status) != Status.SUCCESS) {
                failure = refused(status);
            }
            over();
        } else if (Status.typeAndCode(status) != Status.SUCCESS) {
            failure = refused(status);
            over();
        } else if (await == Await.TAKEN) {
            receive();
        } else {
            byte[] said =
                    memory.asSlice(queue.data(slot), HostExchange.RECEIVE_BYTES).toArray(ValueLayout.JAVA_BYTE);
            boolean last = challenged;
            challenged = true;
            compute(() -> last ? new Outcome(exchange.finish(said), true, "") : Outcome.say(exchange.reply(said)));
        }
    }

    private String refused(int status) {
        return "the target has no DH-HMAC-CHAP for this host, %s, at %s: it answers with status 0x%x"
                .formatted(terms.namespace().host().nqn(), terms.namespace().nqn(), status);
    }
}
