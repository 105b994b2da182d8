package io.vnvme.testkit.client;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Commands and their replies, matched by message id; a thread of its own receives, and serves the server's requests. */
public final class Calls implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration FOREVER = Duration.ofDays(1);
    private static final int ID_MASK = 0xFFFF;

    private final Channel channel;
    private final DmaServer dma;
    private final Map<Integer, CompletableFuture<Message>> waiting = new ConcurrentHashMap<>();
    private final AtomicInteger ids = new AtomicInteger();
    private final Thread receiver;
    private volatile boolean gone;

    Calls(Channel channel, DmaLayout layout) {
        this.channel = channel;
        dma = new DmaServer(channel, layout);
        receiver = Thread.ofPlatform().daemon().name("vfio-user-client").start(this::receive);
    }

    DmaServer dma() {
        return dma;
    }

    /** The connection itself, for messages that nobody in his senses sends. */
    public Channel channel() {
        return channel;
    }

    /** True once the server has closed the connection. */
    public boolean gone() {
        return gone;
    }

    /** Waits until the server has closed the connection. */
    public boolean awaitGone(Duration limit) throws InterruptedException {
        return receiver.join(limit);
    }

    /**
     * Sends a command and waits for its reply.
     *
     * @throws VfioUserException when it is an error, or never comes
     */
    public Message call(int command, ByteBuffer body, int... fds) {
        return await(command, send(command, body, fds));
    }

    /** Waits for the reply to a command that was sent. */
    public static Message await(int command, CompletableFuture<Message> pending) {
        try {
            Message reply = pending.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            if (reply.failed()) {
                reply.fds().forEach(io.vnvme.os.Fd::close);
                throw VfioUserException.refused(command, reply.error());
            }
            return reply;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            throw VfioUserException.gone();
        } catch (TimeoutException e) {
            throw new IllegalStateException("no reply to command %d".formatted(command), e);
        }
    }

    /** Sends a command without waiting: several can be on their way. */
    public CompletableFuture<Message> send(int command, ByteBuffer body, int... fds) {
        int id = ids.incrementAndGet() & ID_MASK;
        CompletableFuture<Message> pending = new CompletableFuture<>();
        waiting.put(id, pending);
        if (!channel.send(encode(id, command, Wire.TYPE_COMMAND, body), fds) || gone) {
            fail(waiting.remove(id));
        }
        return pending;
    }

    /** Sends a command that wants no reply. */
    public void post(int command, ByteBuffer body, int... fds) {
        int id = ids.incrementAndGet() & ID_MASK;
        if (!channel.send(encode(id, command, Wire.TYPE_COMMAND | Wire.NO_REPLY, body), fds)) {
            throw VfioUserException.gone();
        }
    }

    private static byte[] encode(int id, int command, int flags, ByteBuffer body) {
        byte[] bytes = new byte[body.capacity()];
        body.get(0, bytes);
        return new Message(id, command, flags, 0, bytes, List.of()).encode();
    }

    private void receive() {
        try {
            for (Message message = channel.receive(FOREVER); message != null; message = channel.receive(FOREVER)) {
                if (message.reply()) {
                    CompletableFuture<Message> pending = waiting.remove(message.id());
                    if (pending == null) {
                        throw new VfioUserException("reply to nothing: id " + message.id(), 0);
                    }
                    pending.complete(message);
                } else {
                    dma.answer(message);
                }
            }
        } finally {
            gone = true;
            waiting.values().forEach(Calls::fail);
        }
    }

    private static void fail(@Nullable CompletableFuture<Message> pending) {
        if (pending != null) {
            pending.completeExceptionally(VfioUserException.gone());
        }
    }

    /** Ends the connection and the receiving thread. */
    @Override
    public void close() {
        channel.shut();
        try {
            receiver.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        channel.close();
    }
}
