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
