package io.vnvme.testkit.lab;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A client of the QEMU Machine Protocol: one command at a time, events kept until somebody asks for them. */
public final class Qmp implements AutoCloseable {
    private static final Duration REPLY_LIMIT = Duration.ofMinutes(1);
    private static final JsonType<Object> JSON = Jsonb.builder().build().type(Object.class);

    private final SocketChannel channel;
    /** Guards what follows; notified by the reader. */
    private final Object monitor = new Object();

    private final List<Map<String, Object>> events = new ArrayList<>();
    private final Map<String, Map<String, Object>> replies = new HashMap<>();
    private int commands;
    private boolean ended;

    /** Takes over a fresh connection and leaves the greeting's negotiation mode. */
    Qmp(SocketChannel channel) {
        this.channel = channel;
        Thread.ofPlatform().daemon().name("qmp-reader").start(this::readAll);
        execute("qmp_capabilities", Map.of());
    }

    /**
     * Executes a command.
     *
     * @return its {@code return} value: a map, a list, a string or a number
     * @throws LabException with QEMU's own words when it refuses, or when it does not answer within a minute
     */
    public Object execute(String command, Map<String, ?> arguments) {
        Map<String, Object> message = new LinkedHashMap<>();
        String id;
        synchronized (monitor) {
            id = "q" + ++commands;
        }
        message.put("execute", command);
        message.put("arguments", arguments);
        message.put("id", id);
        ByteBuffer bytes = ByteBuffer.wrap((JSON.toJson(message) + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new LabException("QEMU is gone: " + command + " was not sent", e);
        }
        return result(command, awaitReply(command, id));
    }

    /**
     * Waits for an event, also one that came before, and takes it.
     *
     * @param data says whether the event's data are the ones waited for
     */
    public Map<String, Object> awaitEvent(String name, Predicate<Map<String, Object>> data, Duration limit) {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        synchronized (monitor) {
            while (true) {
                Map<String, Object> event = takeEvent(name, data);
                if (event != null) {
                    return event;
                }
                await(deadlineNs, "the event " + name);
            }
        }
    }

    /** Takes an event that has come already; null when there is none. */
    public @Nullable Map<String, Object> takeEvent(String name, Predicate<Map<String, Object>> data) {
        synchronized (monitor) {
            for (Iterator<Map<String, Object>> all = events.iterator(); all.hasNext(); ) {
                Map<String, Object> event = all.next();
                if (name.equals(event.get("event")) && data.test(members(event.get("data")))) {
                    all.remove();
                    return event;
                }
            }
            return null;
        }
    }

    /** Executes a command of the human monitor and returns what it prints. */
    public String human(String commandLine) {
        return String.valueOf(execute("human-monitor-command", Map.of("command-line", commandLine)));
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Object result(String command, Map<String, Object> reply) {
        Object value = reply.get("return");
        if (value == null) {
            throw new LabException(command + ": " + members(reply.get("error")).get("desc"));
        }
        return value;
    }

    private Map<String, Object> awaitReply(String command, String id) {
        long deadlineNs = System.nanoTime() + REPLY_LIMIT.toNanos();
        synchronized (monitor) {
            while (true) {
                Map<String, Object> reply = replies.remove(id);
                if (reply != null) {
                    return reply;
                }
                await(deadlineNs, "QEMU's answer to " + command);
            }
        }
    }

    /** Waits for the reader; called with the monitor held. */
    @SuppressWarnings("WaitNotInLoop") // The callers loop.
    private void await(long deadlineNs, String what) {
        long leftMs = Duration.ofNanos(deadlineNs - System.nanoTime()).toMillis();
        if (ended || leftMs <= 0) {
            throw new LabException((ended ? "QEMU ended while waiting for " : "waited in vain for ") + what);
        }
        try {
            monitor.wait(leftMs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while waiting for " + what, e);
        }
    }

    private void readAll() {
        try (var lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
            String line;
            while ((line = lines.readLine()) != null) {
                accept(members(JSON.fromJson(line)));
            }
        } catch (IOException e) {
            // The connection went away with QEMU or was closed here: said to whoever still waits.
            synchronized (monitor) {
                ended = true;
            }
        }
        synchronized (monitor) {
            ended = true;
            monitor.notifyAll();
        }
    }

    private void accept(Map<String, Object> message) {
        synchronized (monitor) {
            if (message.get("id") instanceof String id) {
                replies.put(id, message);
            } else if (message.containsKey("event")) {
                events.add(message);
            }
            monitor.notifyAll();
        }
    }

    @SuppressWarnings("unchecked") // JSON objects have strings as keys.
    private static Map<String, Object> members(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }
}
