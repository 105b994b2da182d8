package io.vnvme.control.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** An image whose bytes are the disk's. */
final class RawWriter implements ImageWriter {
    private final FileChannel channel;
    private final long sizeBytes;

    RawWriter(Path file, long sizeBytes) throws IOException {
        this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        this.sizeBytes = sizeBytes;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer data) throws IOException {
        long at = offsetBytes;
        while (data.hasRemaining()) {
            at += channel.write(data, at);
        }
    }

    @Override
    public void finish() throws IOException {
        if (channel.size() < sizeBytes) {
            // A last byte of zero gives the file its size; what is before it stays a hole.
            channel.write(ByteBuffer.wrap(new byte[1]), sizeBytes - 1);
        }
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
