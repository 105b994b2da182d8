package io.vnvme.control.event;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.EventKind;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The newest events, in memory and in a file, so that numbers go on and nothing is missed over a restart. The file is a
 * line of JSON for each; a torn or damaged line is left out.
 */
public final class EventLog implements AutoCloseable {
    private static final Logger LOG = System.getLogger(EventLog.class.getName());
    /** Events that are kept. */
    public static final int COUNT_MAX = 1000;
    /** Lines at which the file is written anew with those that are kept. */
    private static final int LINES_MAX = 4 * COUNT_MAX;

    private static final String NAME = "events.jsonl";

    private final InstantSource clock;
    private final Path file;
    private final JsonType<EventInfo> json = Jsonb.builder().build().type(EventInfo.class);
    private final Deque<EventInfo> events = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition added = lock.newCondition();
    private final Storms storms = new Storms();
    /** How often each has happened since the daemon began. */
    private final Map<EventKind, Long> counts = new EnumMap<>(EventKind.class);

    private boolean folding;
    private int lineCount;
    private long lastNumber;
    private boolean closed;
    private @Nullable FileChannel channel;
    private volatile Runnable listener = () -> {};

    /** @param folder there and writable */
    public EventLog(Path folder) {
        this(folder, InstantSource.system());
    }

    EventLog(Path folder, InstantSource clock) {
        this.clock = clock;
        this.file = folder.resolve(NAME);
        try {
            load();
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "events are kept in memory only: {0}: {1}", file, e.getMessage());
        }
    }

    private void load() throws IOException {
        if (Files.notExists(file)) {
            return;
        }
        for (String line : Files.readAllLines(file)) {
            lineCount++;
            try {
                EventInfo event = json.fromJson(line);
                keep(event);
            } catch (RuntimeException e) {
                LOG.log(Level.DEBUG, "a line of {0} is damaged: {1}", file, e.getMessage());
            }
        }
    }

    private void keep(EventInfo event) {
        events.addLast(event);
        if (events.size() > COUNT_MAX) {
            events.removeFirst();
        }
        lastNumber = Math.max(lastNumber, event.number());
    }

    /**
     * Notes that something happened; the log of the daemon says it too. What happens to the same subject again and again
     * within a minute is told as one at the end of that.
     *
     * @param subject the drive, pool or volume
     * @param text one line for people
     */
    public void add(EventKind kind, String subject, String text) {
        lock.lock();
        try {
            counts.merge(kind, 1L, Long::sum);
            if (!storms.tell(kind, subject, text, clock.instant())) {
                tellLater();
                return;
            }
            add(kind, subject, text, 1);
        } finally {
            lock.unlock();
        }
        listener.run();
    }

    private void add(EventKind kind, String subject, String text, int count) {
        String line = text.lines().findFirst().orElse("");
        LOG.log(level(kind.severity()), "{0}: {1}{2}", kind.text(), line, count == 1 ? "" : " (" + count + " times)");
        EventInfo event = new EventInfo(
                lastNumber + 1,
                clock.instant().truncatedTo(ChronoUnit.MILLIS).toString(),
                kind.severity().text(),
                kind.text(),
                subject,
                line,
                count);
        keep(event);
        write(event);
        added.signalAll();
    }

    /** With the lock: sees that what is folded is told, by a thread that is there only while something is. */
    private void tellLater() {
        if (!folding && !closed) {
            folding = true;
            Thread.ofVirtual().name("events").start(this::tellFolded);
        }
    }

    private void tellFolded() {
        boolean more = true;
        while (more) {
            try {
                Thread.sleep(Storms.WINDOW);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            lock.lock();
            try {
                tellOver(clock.instant());
                folding = storms.folding() && !closed;
                more = folding;
            } finally {
                lock.unlock();
            }
            listener.run();
        }
    }

    /** With the lock. */
    private void tellOver(Instant now) {
        storms.over(now).forEach(f -> add(f.kind(), f.subject(), f.text(), f.count()));
    }

    /** How often each kind has happened since the daemon began, folded or not. */
    public Map<EventKind, Long> counts() {
        lock.lock();
        try {
            return Map.copyOf(counts);
        } finally {
            lock.unlock();
        }
    }

    /** @param listener called after each event, by whoever adds it; returns at once */
    public void whenAdded(Runnable listener) {
        this.listener = listener;
    }

    private static Level level(EventKind.Severity severity) {
        return switch (severity) {
            case ERROR -> Level.ERROR;
            case WARNING -> Level.WARNING;
            case INFO -> Level.INFO;
        };
    }

    private void write(EventInfo event) {
        FileChannel current = channel;
        if (current == null || closed) {
            return;
        }
        try {
            if (lineCount >= LINES_MAX) {
                current.truncate(0);
                lineCount = 0;
                for (EventInfo kept : events) {
                    append(current, kept);
                }
            } else {
                append(current, event);
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "event {0} is kept in memory only: {1}", event.number(), e.getMessage());
        }
    }

    private void append(FileChannel to, EventInfo event) throws IOException {
        ByteBuffer line = ByteBuffer.wrap((json.toJson(event) + "\n").getBytes(StandardCharsets.UTF_8));
        while (line.hasRemaining()) {
            to.write(line);
        }
        lineCount++;
    }

    /** Number of the newest event; 0: there was none. */
    public long last() {
        lock.lock();
        try {
            return lastNumber;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Events after a number, oldest first.
     *
     * @param wait how long to wait for one when there is none
     */
    public List<EventInfo> after(long number, Duration wait) {
        long leftNs = wait.toNanos();
        lock.lock();
        try {
            while (lastNumber <= number && leftNs > 0 && !closed) {
                leftNs = added.awaitNanos(leftNs);
            }
            return events.stream().filter(e -> e.number() > number).toList();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            tellOver(Instant.MAX);
            closed = true;
            added.signalAll();
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing {0}: {1}", file, e.getMessage());
        } finally {
            lock.unlock();
        }
    }
}
