package io.vnvme.testkit.lab;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Our end of the serial port on which {@code guest-init} serves commands; the protocol stands there. One command at a time. */
final class Agent implements AutoCloseable {
    private final SocketChannel channel;
    private final Selector selector;
    private final ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
    private final StringBuilder received = new StringBuilder();
    private int commands;

    Agent(SocketChannel channel) throws IOException {
        this.channel = channel;
        this.selector = SocketWait.selectorOf(channel);
    }

    /** Waits until a guest's init says that it serves commands: after a start, and after each reboot. */
    synchronized void awaitReady(Duration limit) {
        awaitMark(Pattern.compile("<<<ready [^>]*>>>\r?\n"), "the guest to start", limit);
    }

    /** Runs a shell script in the guest and waits for its end. */
    synchronized Result run(String script, Duration limit) {
        String id = "c" + ++commands;
        send(id + " " + Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8)) + "\n");
        Mark mark = awaitMark(Pattern.compile("<<<" + id + " (\\d+)>>>\r?\n"), "the end of: " + script, limit);
        // Bytes are matched one by one; only whole answers are text.
        String output = new String(mark.before().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        return new Result(Integer.parseInt(mark.group()), output.stripTrailing());
    }

    /** Hands over a script whose end never comes, such as a reboot. */
    synchronized void start(String script) {
        send("x " + Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8)) + "\n");
    }

    private record Mark(String before, String group) {}

    private Mark awaitMark(Pattern pattern, String what, Duration limit) {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        try {
            while (true) {
                Matcher matcher = pattern.matcher(received);
                if (matcher.find()) {
                    Mark mark = new Mark(
                            received.substring(0, matcher.start()), matcher.groupCount() == 0 ? "" : matcher.group(1));
                    received.delete(0, matcher.end());
                    return mark;
                }
                if (!SocketWait.readable(selector, deadlineNs)) {
                    throw new LabException("waited " + limit.toSeconds() + " s in vain for " + what
                            + (received.isEmpty() ? "" : "\nsaid so far:\n" + received));
                }
                receive(what);
            }
        } catch (IOException e) {
            throw new LabException("the VM is gone while waiting for " + what, e);
        }
    }

    private void receive(String what) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int count;
        while ((count = channel.read(buffer.clear())) > 0) {
            bytes.write(buffer.array(), 0, count);
        }
        received.append(bytes.toString(StandardCharsets.ISO_8859_1));
        if (count < 0) {
            throw new LabException("the VM ended while waiting for " + what);
        }
    }

    private void send(String line) {
        ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
        try {
            while (bytes.hasRemaining()) {
                // The guest takes bytes one by one; the socket's buffer holds more than any script.
                if (channel.write(bytes) == 0) {
                    Thread.onSpinWait();
                }
            }
        } catch (IOException e) {
            throw new LabException("the VM is gone", e);
        }
    }

    @Override
    public void close() {
        try (selector) {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
