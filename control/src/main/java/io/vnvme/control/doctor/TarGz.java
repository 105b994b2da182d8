package io.vnvme.control.doctor;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.zip.GZIPOutputStream;

/** Writes a compressed archive of texts (POSIX.1-1988 ustar). */
public final class TarGz implements AutoCloseable {
    private static final int BLOCK = 512;
    private static final int NAME_MAX = 100;
    private static final int AT_MODE = 100;
    private static final int AT_UID = 108;
    private static final int AT_GID = 116;
    private static final int AT_SIZE = 124;
    private static final int AT_TIME = 136;
    private static final int AT_CHECKSUM = 148;
    private static final int AT_TYPE = 156;
    private static final int AT_MAGIC = 257;

    private final OutputStream out;
    private final Instant time;

    /** @param time that all files have */
    public TarGz(OutputStream out, Instant time) throws IOException {
        this.out = new GZIPOutputStream(out);
        this.time = time;
    }

    /** @param name at most 100 characters of ASCII */
    public void add(String name, String content) throws IOException {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        out.write(header(name, bytes.length));
        out.write(bytes);
        out.write(new byte[(BLOCK - bytes.length % BLOCK) % BLOCK]);
    }

    private byte[] header(String name, int size) {
        byte[] asciiName = name.getBytes(StandardCharsets.US_ASCII);
        if (asciiName.length > NAME_MAX) {
            throw new IllegalArgumentException("a name of %d bytes".formatted(asciiName.length));
        }
        ByteBuffer header = ByteBuffer.allocate(BLOCK).put(0, asciiName);
        octal(header, AT_MODE, 7, 0600);
        octal(header, AT_UID, 7, 0);
        octal(header, AT_GID, 7, 0);
        octal(header, AT_SIZE, 11, size);
        octal(header, AT_TIME, 11, time.getEpochSecond());
        header.put(AT_TYPE, (byte) '0');
        header.put(AT_MAGIC, "ustar\00000".getBytes(StandardCharsets.US_ASCII));
        // The sum is taken with blanks in its own place.
        header.put(AT_CHECKSUM, "        ".getBytes(StandardCharsets.US_ASCII));
        int sum = 0;
        for (byte b : header.array()) {
            sum += b & 0xff;
        }
        octal(header, AT_CHECKSUM, 6, sum);
        header.put(AT_CHECKSUM + 6, (byte) 0);
        return header.array();
    }

    private static void octal(ByteBuffer header, int at, int digits, long value) {
        String text = Long.toOctalString(value);
        header.put(at, ("0".repeat(digits - text.length()) + text).getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.close();
    }
}
