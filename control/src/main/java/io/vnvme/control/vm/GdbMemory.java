package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Writes to a stopped VM's physical addresses, devices included, as a processor would: through QEMU's debugger stub, in
 * the GDB remote serial protocol with QEMU's physical memory mode. No command of its monitor does that.
 *
 * <p>The stub is there while this is open. It is closed by the monitor and not by the protocol's detach: QEMU would let
 * the VM go on. Whoever can connect to its socket owns the VM: the folder is the caller's and QEMU's alone.
 */
final class GdbMemory implements AutoCloseable {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(5);
    /** At once, in two digits each: QEMU takes packets of 128 KiB, and had taken 4 KiB before. */
    private static final int BYTES_MAX = 1536;

    private static final int REPLY_LENGTH_MAX = 4 * BYTES_MAX;

    private static final String CLOSE = "gdbserver none";
    /** Of what neither the monitor nor QEMU's options take a character for their own. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._/+:@=-]{1,107}");

    private final HumanMonitor monitor;
    private final SocketChannel channel;
    private final InputStream replies;

    private GdbMemory(HumanMonitor monitor, SocketChannel channel) {
        this.monitor = monitor;
        this.channel = channel;
        replies = Channels.newInputStream(channel);
    }

    /**
     * Looks whether this QEMU would make its stub, before that is needed.
     *
     * @param folder as for {@link #open}
     */
    static void probe(HumanMonitor monitor, Path folder) {
        listen(monitor, folder);
        closeStub(monitor);
    }

    /**
     * Opens QEMU's stub.
     *
     * @param folder where QEMU may make a socket, and nobody else may connect to it
     */
    static GdbMemory open(HumanMonitor monitor, Path folder) {
        Path path = listen(monitor, folder);
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            channel.connect(UnixDomainSocketAddress.of(path));
            GdbMemory memory = new GdbMemory(monitor, channel);
            memory.expectOk("Qqemu.PhyMemMode:1");
            return memory;
        } catch (IOException e) {
            ProblemException problem = failed("nobody listens at " + path, e);
            end(monitor, channel, problem);
            throw problem;
        } catch (RuntimeException e) {
            end(monitor, channel, e);
            throw e;
        }
    }

    private static Path listen(HumanMonitor monitor, Path folder) {
        Path path = folder.resolve("gdb");
        if (!PLAIN.matcher(path.toString()).matches()) {
            throw new ProblemException(
                    ProblemCode.VM_REFUSED, "%s is no path that QEMU's monitor understands".formatted(folder));
        }
        String command = "gdbserver unix:%s,server=on,wait=off".formatted(path);
        String said = monitor.run(command);
        if (!said.contains("Waiting for gdb connection")) {
            throw HumanMonitor.notUnderstood(command, said);
        }
        return path;
    }

    private static void closeStub(HumanMonitor monitor) {
        String said = monitor.run(CLOSE);
        if (!said.contains("Disabled")) {
            throw HumanMonitor.notUnderstood(CLOSE, said);
        }
    }

    private static void end(HumanMonitor monitor, @Nullable SocketChannel channel, Exception why) {
        try (channel) {
            closeStub(monitor);
        } catch (IOException | RuntimeException e) {
            why.addSuppressed(e);
        }
    }

    /** Writes whole words of 4 bytes, each as one access when {@code address} is a multiple of 4. */
    void write(long address, byte[] bytes) {
        for (int done = 0; done < bytes.length; done += BYTES_MAX) {
            int count = Math.min(BYTES_MAX, bytes.length - done);
            expectOk("M%x,%x:%s".formatted(address + done, count, HexFormat.of().formatHex(bytes, done, done + count)));
        }
    }

    private void expectOk(String packet) {
        String reply = ask(packet);
        if (!reply.equals("OK")) {
            String begin = packet.substring(0, Math.min(packet.length(), 32));
            throw failed("'%s' to '%s'".formatted(reply, begin), null);
        }
    }

    private String ask(String packet) {
        FutureTask<String> exchange = new FutureTask<>(() -> {
            send("$%s#%02x".formatted(packet, sum(packet)));
            String reply = receive();
            send("+");
            return reply;
        });
        Thread.ofVirtual().name("gdb").start(exchange);
        try {
            return exchange.get(REPLY_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw failed("nothing within %d s".formatted(REPLY_LIMIT.toSeconds()), e);
        } catch (ExecutionException e) {
            throw failed(String.valueOf(e.getCause()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ProblemCode.INTERNAL, "interrupted while talking to QEMU's debugger stub", e);
        }
    }

    private static int sum(String packet) {
        return packet.chars().sum() & 0xff;
    }

    private void send(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** The next packet; acknowledgements before it are passed over. */
    private String receive() throws IOException {
        int c = next();
        while (c == '+') {
            c = next();
        }
        if (c != '$') {
            throw new IOException("no packet but '%c'".formatted(c));
        }
        StringBuilder reply = new StringBuilder();
        for (c = next(); c != '#'; c = next()) {
            if (reply.length() >= REPLY_LENGTH_MAX) {
                throw new IOException("a packet without end");
            }
            reply.append((char) c);
        }
        String checksum = "" + (char) next() + (char) next();
        if (!checksum.equals("%02x".formatted(sum(reply.toString())))) {
            throw new IOException("a packet with a wrong checksum");
        }
        return reply.toString();
    }

    private int next() throws IOException {
        int c = replies.read();
        if (c < 0) {
            throw new IOException("it closed the connection");
        }
        return c;
    }

    private static ProblemException failed(String what, @Nullable Exception cause) {
        String words = "QEMU's debugger stub answered " + what;
        return cause == null
                ? new ProblemException(ProblemCode.VM_REFUSED, words)
                : new ProblemException(ProblemCode.VM_REFUSED, words, cause);
    }

    /** Takes QEMU's stub away. */
    @Override
    public void close() {
        try (channel) {
            closeStub(monitor);
        } catch (IOException e) {
            throw failed("no close", e);
        }
    }
}
