package io.vnvme.control.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.Progress;
import io.vnvme.control.plane.VolumeIo;
import io.vnvme.testkit.seed.FuzzLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged qcow2 images: refused by a line, or read; nothing is left in the scratch folder. */
class ImageFuzz {
    private static final long SIZE = 4 << 20;
    /** Larger than this makes no sense for a test to read. */
    private static final long READ_MAX = 64 << 20;

    @TempDir
    Path folder;

    private int refused;

    @Test
    void damagedImages() throws IOException {
        try {
            QemuImg.find("a fuzzer");
        } catch (ProblemException e) {
            Assumptions.abort("skipped: " + e.detail());
        }
        Path image = folder.resolve("image.qcow2");
        try (ImageWriter writer = ImageWriter.create(image, "qcow2", SIZE)) {
            writer.write(0, ByteBuffer.allocate(4096).putLong(0, 5));
            writer.write(3 << 20, ByteBuffer.allocate(65_536).putLong(0, 7));
            writer.finish();
        }
        byte[] good = Files.readAllBytes(image);
        Files.delete(image);
        FuzzLoop.run("ImageFuzz", random -> round(random, good));
        assertThat(refused).isPositive();
    }

    private void round(SplittableRandom random, byte[] good) throws IOException {
        byte[] bytes = good.clone();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            // Mostly in the header, else in the tables.
            int at = random.nextInt(random.nextInt(3) == 0 ? bytes.length : 112);
            bytes[at] = (byte) (random.nextBoolean() ? random.nextInt() : bytes[at] ^ 1 << random.nextInt(8));
        }
        Path image = folder.resolve("image.qcow2");
        Files.write(image, bytes);
        Path scratch = Files.createDirectories(folder.resolve("scratch"));
        try {
            ImageSource source = ImageSource.open(image, random.nextBoolean() ? null : "qcow2");
            if (source.sizeBytes() <= READ_MAX) {
                read(source, image, scratch.resolve("raw"));
            }
        } catch (ProblemException e) {
            assertThat(e.detail()).isNotBlank().doesNotContain("\n");
            refused++;
        }
        try (var left = Files.list(scratch)) {
            assertThat(left).isEmpty();
        }
        Files.delete(image);
    }

    private static void read(ImageSource source, Path image, Path raw) throws IOException {
        if (source.raw()) {
            source.copy(image, new Sink(source.sizeBytes()), 0, Progress.NONE, _ -> {});
            return;
        }
        source.convert(raw, Progress.NONE);
        assertThat(source.isConverted(raw)).isTrue();
        source.copy(raw, new Sink(source.sizeBytes()), 0, Progress.NONE, _ -> {});
        Files.delete(raw);
    }

    /** A volume that takes what lies within it. */
    private record Sink(long sizeBytes) implements VolumeIo {
        @Override
        public void read(long offsetBytes, ByteBuffer target) {
            throw new AssertionError("an import does not read the volume");
        }

        @Override
        public void write(long offsetBytes, ByteBuffer source) {
            assertThat(offsetBytes + source.remaining()).isLessThanOrEqualTo((sizeBytes + 4095) & -4096);
        }

        @Override
        public void deallocate(long offsetBytes, long lengthBytes) {
            throw new AssertionError("an import takes nothing out of the volume");
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
