package io.vnvme.bench.peer;

import io.vnvme.os.Fd;
import io.vnvme.os.Memfd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * A file in memory with every page present, as the drive under QEMU's block layer. It has no name in any folder: child
 * processes open it through /proc, and it is gone with this process, however that ends.
 */
public final class RamFile implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final byte FILL = 0x5A;

    private final Fd fd;
    private final Path path;
    private final boolean direct;

    private RamFile(Fd fd, Path path, boolean direct) {
        this.fd = fd;
        this.path = path;
        this.direct = direct;
    }

    /**
     * Creates and fills the file.
     *
     * @throws IOException when memory is short
     */
    public static RamFile create(String name, long sizeBytes) throws IOException {
        Fd fd = Memfd.create(name, sizeBytes);
        Path path = Path.of("/proc", Long.toString(ProcessHandle.current().pid()), "fd", Integer.toString(fd.number()));
        try {
            fill(path, sizeBytes);
            return new RamFile(fd, path, opensDirectly(path));
        } catch (IOException e) {
            fd.close();
            throw e;
        }
    }

    private static void fill(Path path, long sizeBytes) throws IOException {
        byte[] chunk = new byte[CHUNK_BYTES];
        Arrays.fill(chunk, FILL);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            for (long left = sizeBytes; left > 0; left -= CHUNK_BYTES) {
                ByteBuffer buffer = ByteBuffer.wrap(chunk, 0, (int) Math.min(left, CHUNK_BYTES));
                while (buffer.hasRemaining()) {
                    file.write(buffer);
                }
            }
        }
    }

    /** Linux before 6.6 has no O_DIRECT for files in memory. */
    private static boolean opensDirectly(Path path) throws IOException {
        Process probe = new ProcessBuilder("dd", "if=" + path, "of=/dev/null", "bs=4096", "count=1", "iflag=direct")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return probe.onExit().join().exitValue() == 0;
    }

    /** Where child processes of this one find it. */
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
    public void close() {
        fd.close();
    }
}
