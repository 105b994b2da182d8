package io.vnvme.control.audit;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * {@code audit.jsonl}, which only grows, and those before it, {@code audit.1.jsonl} the newest. When a file is full, each
 * gets the next number and the last goes. A line is written whole or not at all: what a failed write left of it
 * is cut off again.
 */
final class AuditFiles implements AutoCloseable {
    private static final Logger LOG = System.getLogger(AuditFiles.class.getName());
    static final long SIZE_MAX = 8 << 20;
    static final int OLD_MAX = 9;

    private final Path folder;
    private final long sizeMax;
    private FileChannel channel;
    private long size;

    AuditFiles(Path folder, long sizeMax) throws IOException {
        this.folder = folder;
        this.sizeMax = sizeMax;
        this.channel = open();
        this.size = channel.size();
        endTornLine();
    }

    private Path file(int age) {
        return folder.resolve(age == 0 ? "audit.jsonl" : "audit.%d.jsonl".formatted(age));
    }

    private FileChannel open() throws IOException {
        return FileChannel.open(
                file(0),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    /** A crash may have cut the last line: the next must not become part of it. */
    private void endTornLine() throws IOException {
        ByteBuffer last = ByteBuffer.allocate(1);
        if (size > 0 && (channel.read(last, size - 1) != 1 || last.get(0) != '\n')) {
            append(new byte[] {'\n'}, false);
        }
    }

    /** Lines of the two newest files, oldest first. */
    List<String> newest() throws IOException {
        List<String> lines = new ArrayList<>();
        if (Files.exists(file(1))) {
            addLines(Files.readAllBytes(file(1)), lines);
        }
        ByteBuffer current = ByteBuffer.allocate(Math.toIntExact(size));
        while (current.hasRemaining() && channel.read(current, current.position()) > 0) {
            // Read on: a read may return less than it was asked for.
        }
        addLines(current.array(), lines);
        return lines;
    }

    private static void addLines(byte[] content, List<String> lines) {
        new String(content, StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank())
                .forEach(lines::add);
    }

    /**
     * Appends a line.
     *
     * @param sync waits until it is on the media
     * @throws IOException when it could not; nothing of it is there then
     */
    void append(byte[] line, boolean sync) throws IOException {
        if (size > 0 && size + line.length > sizeMax) {
            rotate();
        }
        try {
            ByteBuffer buffer = ByteBuffer.wrap(line);
            while (buffer.hasRemaining()) {
                channel.write(buffer, size + buffer.position());
            }
            if (sync) {
                channel.force(false);
            }
            size += line.length;
        } catch (IOException e) {
            cutOff(e);
            throw e;
        }
    }

    private void cutOff(IOException reason) {
        try {
            channel.truncate(size);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    private void rotate() throws IOException {
        channel.force(true);
        for (int age = OLD_MAX - 1; age >= 0; age--) {
            if (Files.exists(file(age))) {
                Files.move(
                        file(age), file(age + 1), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        FileChannel full = channel;
        channel = open();
        size = channel.size();
        full.close();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing the audit log: {0}", e.getMessage());
        }
    }
}
