package io.vnvme.control.vm;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a VM's monitor, in the QEMU Machine Protocol (QMP): a line of JSON a message.
 *
 * <p>Used by one thread at a time. A monitor serves one client at a time; the next one waits without an answer: so a
 * connection is held as briefly as can be, and a monitor that does not greet is called busy.
 */
final class Qmp implements HeldMonitor {
    private static final Duration GREETING_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(20);
    /** A message of QEMU's is some kilobytes; who sends longer lines is no monitor. */
    private static final int LINE_LENGTH_MAX = 4 << 20;

    /** Messages that nobody has taken yet; the VM waits then. */
    static final int MESSAGE_COUNT_MAX = 10_000;

    /** EAGAIN in words; the JDK has no exception of its own for it. */
    private static final String NO_ROOM = "temporarily unavailable";

    private static final JsonType<Object> JSON = Jsonb.builder().build().type(Object.class);

    /** The only event that anybody waits for. */
    private static final String DELETED = "DEVICE_DELETED";
    /** More than are unplugged during a few commands: what a VM tells beyond that is its own affair. */
    private static final int DELETED_COUNT_MAX = 256;

    /**
     * What the reader hands over: a message, or the end ({@code null} inside).
     *
     * @param closed whether the end is the connection's, not ours of listening
     */
    private record Received(@Nullable Map<?, ?> message, String why, boolean closed) {
        static Received nonsense() {
            return new Received(null, "it does not speak QMP", false);
        }
    }

    private final Path path;
    private final SocketChannel channel;
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>(MESSAGE_COUNT_MAX);
    /** Devices that were unplugged during commands, and that nobody has waited for yet. */
    private final Deque<String> deleted = new ArrayDeque<>();

    private final QemuVersion version;
    /** The end, once it was taken. */
    private @Nullable Received ended;

    private long nextId = 1;

    private Qmp(Path path, SocketChannel channel) {
        this.path = path;
        this.channel = channel;
        Thread.ofVirtual().name("qmp " + path).start(this::read);
        this.version = greet();
    }

    /**
     * Connects and negotiates.
     *
     * @throws ProblemException when nothing answers there, or not in QMP
     */
    static Qmp connect(Path path) {
        SocketChannel channel;
        try {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        } catch (IOException e) {
            throw new ProblemException(ProblemCode.HOST_REFUSED, "no socket to be had: " + e.getMessage(), e);
        }
        try {
            // A full line in front of a monitor would hold up who connects for as long as another client has it.
            channel.configureBlocking(false);
            channel.connect(UnixDomainSocketAddress.of(path));
            channel.configureBlocking(true);
            return new Qmp(path, channel);
        } catch (IOException e) {
            closeQuietly(channel);
            throw unreachable(path, e);
        } catch (RuntimeException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    private static ProblemException busy(Path path) {
        return new ProblemException(
                ProblemCode.VM_MONITOR_BUSY,
                "QMP at %s does not answer: another client (libvirt?) holds it; give the VM a second -qmp socket and name that"
                        .formatted(path));
    }

    private static ProblemException unreachable(Path path, IOException e) {
        if (String.valueOf(e.getMessage()).contains(NO_ROOM)) {
            return busy(path);
        }
        String why = Files.notExists(path)
                ? "there is no such file"
                : Files.isRegularFile(path) || Files.isDirectory(path)
                        ? "that is no socket"
                        : "nobody listens there (%s)".formatted(e.getMessage());
        return new ProblemException(
                ProblemCode.VM_UNREACHABLE,
                "no QMP at %s: %s; start QEMU with -qmp unix:PATH,server=on,wait=off and name that path"
                        .formatted(path, why),
                e);
    }

    private static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            System.getLogger(Qmp.class.getName()).log(System.Logger.Level.DEBUG, "closing a QMP socket", e);
        }
    }

    private void read() {
        try (BufferedReader reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
            received.put(readMessages(reader));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            System.getLogger(Qmp.class.getName()).log(System.Logger.Level.DEBUG, "closing a QMP socket", e);
        }
    }

    /** Hands over all messages. @return the end */
    private Received readMessages(BufferedReader reader) throws InterruptedException {
        try {
            for (String line = readLine(reader); line != null; line = readLine(reader)) {
                if (line.isBlank()) {
                    continue;
                }
                if (!(JSON.fromJson(line) instanceof Map<?, ?> message)) {
                    return Received.nonsense();
                }
                received.put(new Received(message, "", false));
            }
            return new Received(null, "the VM closed the connection", true);
        } catch (IOException e) {
            return new Received(null, "the connection failed: " + e.getMessage(), true);
        } catch (RuntimeException e) {
            return Received.nonsense();
        }
    }

    private static @Nullable String readLine(BufferedReader reader) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = reader.read(); c >= 0; c = reader.read()) {
            if (c == '\n') {
                return line.toString();
            }
            if (line.length() >= LINE_LENGTH_MAX) {
                throw new IllegalStateException("a line without end");
            }
            line.append((char) c);
        }
        return line.isEmpty() ? null : line.toString();
    }

    private QemuVersion greet() {
        Received first = next(GREETING_TIMEOUT).orElseThrow(() -> busy(path));
        if (first.message() == null
                || !(first.message().get("QMP") instanceof Map<?, ?> greeting)
                || !(greeting.get("version") instanceof Map<?, ?> versions)
                || !(versions.get("qemu") instanceof Map<?, ?>)) {
            throw new ProblemException(
                    ProblemCode.VM_NOT_QMP,
                    "%s is no QMP socket: it did not greet as QEMU's monitor does; name the path of -qmp, not of -monitor or the guest agent"
                            .formatted(path));
        }
        execute("qmp_capabilities", Map.of());
        return QemuVersion.of(versions);
    }

    private static int number(@Nullable Object value) {
        return value instanceof Number number ? number.intValue() : 0;
    }

    /** What the greeting says. */
    @Override
    public QemuVersion version() {
        return version;
    }

    @Override
    public Object execute(String command, Map<String, ?> arguments) {
        long id = nextId++;
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("execute", command);
        if (!arguments.isEmpty()) {
            request.put("arguments", arguments);
        }
        request.put("id", id);
        send(JSON.toJson(request) + "\n");
        long deadlineNs = System.nanoTime() + REPLY_TIMEOUT.toNanos();
        while (true) {
            Map<?, ?> message = take(command, deadlineNs);
            if (keepEvent(message) || number(message.get("id")) != id) {
                continue;
            }
            if (message.get("error") instanceof Map<?, ?> error) {
                throw new QmpException(String.valueOf(error.get("class")), String.valueOf(error.get("desc")));
            }
            Object result = message.get("return");
            return result == null ? Map.of() : result;
        }
    }

    private Map<?, ?> take(String command, long deadlineNs) {
        Received answer = next(Duration.ofNanos(deadlineNs - System.nanoTime()))
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.VM_UNREACHABLE,
                        "the VM at %s did not answer %s within %d s: it hangs or is overloaded; try again"
                                .formatted(path, command, REPLY_TIMEOUT.toSeconds())));
        return message(answer);
    }

    private Map<?, ?> message(Received answer) {
        if (answer.message() == null) {
            ended = answer;
            throw gone(answer.why());
        }
        return answer.message();
    }

    private ProblemException gone(String why) {
        return new ProblemException(
                ProblemCode.VM_UNREACHABLE, "the VM at %s went away: %s; check that it runs".formatted(path, why));
    }

    private boolean keepEvent(Map<?, ?> message) {
        if (!(message.get("event") instanceof String name)) {
            return false;
        }
        if (name.equals(DELETED)
                && message.get("data") instanceof Map<?, ?> data
                && data.get("device") instanceof String device) {
            if (deleted.size() == DELETED_COUNT_MAX) {
                deleted.remove();
            }
            deleted.add(device);
        }
        return true;
    }

    @Override
    public boolean awaitDeleted(String deviceId, Duration timeout, BooleanSupplier gone) {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        while (true) {
            for (String id = deleted.poll(); id != null; id = deleted.poll()) {
                if (id.equals(deviceId)) {
                    return true;
                }
            }
            Optional<Received> answer = next(Duration.ofNanos(deadlineNs - System.nanoTime()));
            if (answer.isEmpty()) {
                return gone.getAsBoolean();
            }
            keepEvent(message(answer.get()));
        }
    }

    @Override
    public boolean awaitEnd(Duration timeout) {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        while (true) {
            Optional<Received> answer = next(Duration.ofNanos(deadlineNs - System.nanoTime()));
            if (answer.isEmpty()) {
                return false;
            }
            if (answer.get().message() == null) {
                ended = answer.get();
                return ended.closed();
            }
            if (System.nanoTime() - deadlineNs >= 0) {
                // One that tells of things without end has not ended.
                return false;
            }
        }
    }

    @Override
    public void cancelMigration() {
        execute("migrate_cancel", Map.of());
    }

    @Override
    public Advice advice() {
        return Advice.COMMAND_LINE;
    }

    private Optional<Received> next(Duration timeout) {
        if (ended != null) {
            return Optional.of(ended);
        }
        try {
            return Optional.ofNullable(received.poll(Math.max(timeout.toNanos(), 0), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ProblemCode.INTERNAL, "interrupted while talking to the VM at " + path, e);
        }
    }

    private void send(String line) {
        ByteBuffer buffer = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            throw gone(e.getMessage() == null ? "the connection is closed" : e.getMessage());
        }
    }

    @Override
    public void close() {
        closeQuietly(channel);
        // Who reads may wait for room, and sees the end then.
        received.clear();
    }
}
