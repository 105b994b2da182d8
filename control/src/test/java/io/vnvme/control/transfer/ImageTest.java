package io.vnvme.control.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images as qemu-img, where this machine has it, understands them. */
class ImageTest {
    @TempDir
    Path folder;

    private static ByteBuffer pattern(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    private Path write(String format, long sizeBytes, Map<Long, ByteBuffer> data) throws IOException {
        Path file = folder.resolve("image." + format);
        try (ImageWriter writer = ImageWriter.create(file, format, sizeBytes)) {
            for (Map.Entry<Long, ByteBuffer> piece : new TreeMap<>(data).entrySet()) {
                writer.write(piece.getKey(), piece.getValue().duplicate());
            }
            writer.finish();
        }
        return file;
    }

    @Test
    void rawIsTheDisk() throws IOException {
        Path file = write("raw", 10 << 20, Map.of(4096L, pattern(8192, 1)));
        byte[] all = Files.readAllBytes(file);
        assertThat(all).hasSize(10 << 20);
        assertThat(ByteBuffer.wrap(all, 4096, 8192)).isEqualTo(pattern(8192, 1));
    }

    @Test
    void qcow2IsWhatQemuReads() throws IOException {
        QemuImg tool = assumeTool();
        // The last piece lies beyond the reach of the first L2 table.
        Map<Long, ByteBuffer> data = Map.of(
                0L,
                pattern(4096, 1),
                61440L,
                pattern(8192, 2),
                3L << 20,
                pattern(1 << 20, 3),
                700L << 20,
                pattern(4096, 4));
        Path file = write("qcow2", 1L << 30, data);
        assertThat(tool.info(file, null)).isEqualTo(new QemuImg.Info(1L << 30, "qcow2", ""));
        Path raw = folder.resolve("back.raw");
        List<Double> percents = new ArrayList<>();
        tool.toRaw(file, "qcow2", raw, Progress.NONE, percents::add);
        assertThat(percents).isNotEmpty();
        try (FileChannel channel = FileChannel.open(raw)) {
            assertThat(channel.size()).isEqualTo(1L << 30);
            for (Map.Entry<Long, ByteBuffer> piece : data.entrySet()) {
                ByteBuffer read = ByteBuffer.allocate(piece.getValue().remaining());
                channel.read(read, piece.getKey());
                assertThat(read.flip()).isEqualTo(piece.getValue());
            }
        }
        ImageSource source = ImageSource.open(file, null);
        assertThat(source.format()).isEqualTo("qcow2");
        assertThat(source.sizeBytes()).isEqualTo(1L << 30);
    }

    /** Written on after a crash, it is the same file as one that was written without: what came after the mark is no part of it. */
    @Test
    void goesOnFromAMark() throws IOException {
        Map<Long, ByteBuffer> data = new TreeMap<>(Map.of(
                0L, pattern(8192, 1), 1L << 20, pattern(1 << 20, 2), 513L << 20, pattern(70_000 / 4096 * 4096, 3)));
        for (String format : List.of("raw", "qcow2")) {
            Path whole = write(format, 520L << 20, data);
            for (long done :
                    new long[] {0, 4096, 8192, (1L << 20) + 4096, 2L << 20, 513L << 20, (513L << 20) + 65_536}) {
                Path file = folder.resolve("part-%d.%s".formatted(done, format));
                try (ImageWriter writer = ImageWriter.create(file, format, 520L << 20)) {
                    writeRange(writer, data, 0, done);
                    writer.keep();
                    // A later mark that was not noted any more, and some that none was made for.
                    writeRange(writer, data, done, done + (1 << 20));
                    writer.keep();
                    writeRange(writer, data, done + (1 << 20), done + (513L << 20));
                }
                try (ImageWriter writer = ImageWriter.reopen(file, format, 520L << 20, done)) {
                    writeRange(writer, data, done, 520L << 20);
                    writer.finish();
                }
                assertThat(Files.mismatch(file, whole))
                        .as("%s from %d", format, done)
                        .isEqualTo(-1);
                Files.delete(file);
            }
        }
    }

    private static void writeRange(ImageWriter writer, Map<Long, ByteBuffer> data, long from, long to)
            throws IOException {
        for (Map.Entry<Long, ByteBuffer> piece : data.entrySet()) {
            long begin = Math.clamp(
                    from, piece.getKey(), piece.getKey() + piece.getValue().limit());
            long end = Math.clamp(
                    to, piece.getKey(), piece.getKey() + piece.getValue().limit());
            if (end > begin) {
                writer.write(begin, piece.getValue().slice((int) (begin - piece.getKey()), (int) (end - begin)));
            }
        }
    }

    @Test
    void aFileThatIsNotAsItWasLeftIsRefused() throws IOException {
        Path file = folder.resolve("damaged");
        Files.write(file, pattern(300_000, 9).array());
        assertThatThrownBy(() -> ImageWriter.reopen(file, "qcow2", 1L << 30, 1 << 20))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not as it was left");
        Files.write(file, new byte[10]);
        assertThatThrownBy(() -> ImageWriter.reopen(file, "qcow2", 1L << 30, 1 << 20))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("shorter");
    }

    @Test
    void whatIsNoImageIsRefused() throws IOException {
        assumeTool();
        Path file = folder.resolve("junk");
        Files.write(file, pattern(4096, 5).array());
        assertThatThrownBy(() -> ImageSource.open(file, "qcow2"))
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.FILE_REFUSED));
        assertThat(ImageSource.open(file, null).format()).isEqualTo("raw");
    }

    private static QemuImg assumeTool() {
        try {
            return QemuImg.find("this test");
        } catch (ProblemException e) {
            return Assumptions.abort("skipped: " + e.detail());
        }
    }
}
