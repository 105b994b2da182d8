package io.vnvme.control.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** An image whose bytes are the disk's. */
final class RawWriter implements ImageWriter {
    private final FileChannel channel;
    private final long sizeBytes;

    RawWriter(FileChannel channel, long sizeBytes) {
        this.channel = channel;
        this.sizeBytes = sizeBytes;
    }

    static RawWriter reopen(FileChannel channel, long sizeBytes, long doneBytes) throws IOException {
        channel.truncate(doneBytes);
        return new RawWriter(channel, sizeBytes);
    }

    @Override
    public void write(long offsetBytes, ByteBuffer data) throws IOException {
        long at = offsetBytes;
        while (data.hasRemaining()) {
            at += channel.write(data, at);
        }
    }

    @Override
    public void keep() throws IOException {
        channel.force(true);
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
