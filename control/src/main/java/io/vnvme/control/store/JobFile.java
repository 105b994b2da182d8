package io.vnvme.control.store;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code jobs.jsonl}: a line of JSON for each change of a job; the last one of a number counts. It only grows until it is
 * replaced, atomically, by one with what counts. A line that is torn or makes no sense is left out: no job is worth a daemon
 * that does not start.
 */
public final class JobFile implements AutoCloseable {
    private static final String NAME = "jobs.jsonl";
    /** A file of this daemon is never so large; what is is not read, since it might not fit into memory. */
    private static final long SIZE_MAX = 32L << 20;
    /** What is written anew with what counts: four times the jobs that are kept, and lines of usual length. */
    private static final int LINES_MAX = 4000;

    private static final long WORN_BYTES = 4L << 20;

    private final Path folder;
    private final Path file;
    private final JsonType<JobRecord> json = Jsonb.builder().build().type(JobRecord.class);
    private FileChannel channel;
    private long sizeBytes;
    private int lineCount;
    /** Right after it was replaced. */
    private long leastBytes;

    private boolean closed;

    /**
     * What was found.
     *
     * @param records by number, the last of each
     * @param damage lines that make no sense; each may have been a job that is in no other
     * @param torn whether the last line has no end: nothing can be added to the file as it is
     */
    public record Found(List<JobRecord> records, int damage, boolean torn) {}

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
        Map<Long, JobRecord> records = new TreeMap<>();
        int damage = 0;
        byte[] content = content();
        // Line by line: only the last of each job is held in memory.
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(new ByteArrayInputStream(content), StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            lineCount++;
            try {
                JobRecord record = json.fromJson(line);
                record.check();
                records.put(record.id(), record);
            } catch (RuntimeException e) {
                damage++;
            }
        }
        boolean torn = content.length > 0 && content[content.length - 1] != '\n';
        return new Found(List.copyOf(records.values()), damage, torn);
    }

    private byte[] content() throws IOException {
        byte[] bytes = new byte[Math.toIntExact(sizeBytes)];
        ByteBuffer content = ByteBuffer.wrap(bytes);
        while (content.hasRemaining() && channel.read(content, content.position()) > 0) {
            // Read on: a read may return less than it was asked for.
        }
        return content.hasRemaining() ? Arrays.copyOf(bytes, content.position()) : bytes;
    }

    /** Whether most of it does not count any more: it is to be replaced. */
    public boolean worn() {
        return lineCount >= LINES_MAX || sizeBytes >= Math.max(WORN_BYTES, 2 * leastBytes);
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
        leastBytes = sizeBytes;
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
