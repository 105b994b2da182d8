package io.vnvme.control.store;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code jobs.jsonl}: a line of JSON for each change of a job; the last one of a number counts. It only grows until it is
 * replaced, atomically, by one with what counts. A line that is torn or makes no sense is left out: no job is worth a daemon
 * that does not start.
 */
public final class JobFile implements AutoCloseable {
    private static final String NAME = "jobs.jsonl";
    /** A file of this daemon is never so large; what is is not read. */
    private static final long SIZE_MAX = 256L << 20;

    private final Path folder;
    private final Path file;
    private final JsonType<JobRecord> json = Jsonb.builder().build().type(JobRecord.class);
    private FileChannel channel;
    private long sizeBytes;
    private int lineCount;
    private boolean closed;

    /**
     * What was found.
     *
     * @param records by number, the last of each
     * @param damage lines that make no sense; each may have been a job that is in no other
     */
    public record Found(List<JobRecord> records, int damage) {}

    /**
     * Opens it.
     *
     * @param folder there and writable
     * @throws IOException when it cannot be written
     */
    public JobFile(Path folder) throws IOException {
        this.folder = folder;
        this.file = folder.resolve(NAME);
        this.channel = open();
        this.sizeBytes = channel.size();
    }

    private FileChannel open() throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /** Reads it. @throws IOException when it cannot be read at all */
    public Found load() throws IOException {
        if (sizeBytes > SIZE_MAX) {
            throw new IOException("%s has %d bytes: it is none of this daemon's".formatted(file, sizeBytes));
        }
        Map<Long, JobRecord> records = new LinkedHashMap<>();
        int damage = 0;
        for (String line : lines()) {
            lineCount++;
            try {
                JobRecord record = json.fromJson(line);
                record.check();
                records.put(record.id(), record);
            } catch (RuntimeException e) {
                damage++;
            }
        }
        List<JobRecord> found = new ArrayList<>(records.values());
        found.sort((a, b) -> Long.compare(a.id(), b.id()));
        return new Found(found, damage);
    }

    private List<String> lines() throws IOException {
        ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(sizeBytes));
        while (content.hasRemaining() && channel.read(content, content.position()) > 0) {
            // Read on: a read may return less than it was asked for.
        }
        String text = new String(content.array(), 0, content.position(), StandardCharsets.UTF_8);
        if (!text.isEmpty() && !text.endsWith("\n")) {
            // A crash has cut the last line: the next must not become part of it.
            write(ByteBuffer.wrap(new byte[] {'\n'}));
        }
        return text.lines().toList();
    }

    /** Lines that it has. */
    public int lineCount() {
        return lineCount;
    }

    /**
     * Notes a change.
     *
     * @param sync waits until it is on the media
     * @throws IOException when it could not; nothing of it is there then
     */
    public void append(JobRecord record, boolean sync) throws IOException {
        if (closed) {
            return;
        }
        write(line(record));
        if (sync) {
            channel.force(false);
        }
        lineCount++;
    }

    private ByteBuffer line(JobRecord record) {
        return ByteBuffer.wrap((json.toJson(record) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void write(ByteBuffer data) throws IOException {
        int length = data.remaining();
        try {
            while (data.hasRemaining()) {
                channel.write(data, sizeBytes + data.position());
            }
            sizeBytes += length;
        } catch (IOException e) {
            cutOff(e);
            throw e;
        }
    }

    private void cutOff(IOException reason) {
        try {
            channel.truncate(sizeBytes);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    /** Makes those all that it has, through any crash. @throws IOException when it could not; it is the old one then */
    public void replace(Collection<JobRecord> records) throws IOException {
        if (closed) {
            return;
        }
        StringBuilder content = new StringBuilder();
        records.forEach(record -> content.append(json.toJson(record)).append('\n'));
        Path draft = folder.resolve(NAME + ".new");
        Disk.REAL.write(draft, content.toString().getBytes(StandardCharsets.UTF_8));
        Disk.REAL.replace(draft, file);
        Disk.REAL.sync(folder);
        FileChannel old = channel;
        channel = open();
        sizeBytes = channel.size();
        lineCount = records.size();
        old.close();
    }

    @Override
    public void close() {
        closed = true;
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
