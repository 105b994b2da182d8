package io.vnvme.bench.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** A file in memory with every page present, as the drive under QEMU's block layer. Deleted by {@link #close}. */
public final class RamFile implements AutoCloseable {
    private static final Path FOLDER = Path.of("/dev/shm");
    private static final int CHUNK_BYTES = 1 << 20;
    private static final byte FILL = 0x5A;

    private final Path path;
    private final boolean direct;

    private RamFile(Path path, boolean direct) {
        this.path = path;
        this.direct = direct;
    }

    /**
     * Creates and fills the file.
     *
     * @throws IOException when the name is taken or memory is short
     */
    public static RamFile create(String name, long sizeBytes) throws IOException {
        Path path = FOLDER.resolve(name);
        byte[] chunk = new byte[CHUNK_BYTES];
        Arrays.fill(chunk, FILL);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long left = sizeBytes; left > 0; left -= CHUNK_BYTES) {
                ByteBuffer buffer = ByteBuffer.wrap(chunk, 0, (int) Math.min(left, CHUNK_BYTES));
                while (buffer.hasRemaining()) {
                    file.write(buffer);
                }
            }
        } catch (IOException e) {
            Files.deleteIfExists(path);
            throw e;
        }
        return new RamFile(path, opensDirectly(path));
    }

    /** Linux before 6.6 has no O_DIRECT for files in memory. */
    private static boolean opensDirectly(Path path) throws IOException {
        Process probe = new ProcessBuilder("dd", "if=" + path, "of=/dev/null", "bs=4096", "count=1", "iflag=direct")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return probe.onExit().join().exitValue() == 0;
    }

    public Path path() {
        return path;
    }

    /**
     * A {@code --blockdev} of QEMU for this file, with what was fastest when measured: Linux AIO on O_DIRECT where the
     * kernel offers it for files in memory (10 to 30 % ahead of io_uring), else io_uring.
     */
    public String blockdev(String node) {
        return "driver=file,node-name=" + node + ",filename=" + path
                + (direct ? ",aio=native,cache.direct=on" : ",aio=io_uring");
    }

    /** The I/O engine that {@link #blockdev} names, in words. */
    public String engine() {
        return direct ? "aio=native, O_DIRECT" : "aio=io_uring, buffered";
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(path);
    }
}
