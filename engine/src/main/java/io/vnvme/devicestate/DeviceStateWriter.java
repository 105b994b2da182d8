package io.vnvme.devicestate;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Writes a device's state: {@link #section} begins a section, which ends where the next one begins. Little endian.
 *
 * <pre>
 * magic (8), version (4), 0 (4)
 * sections: type (4), bytes (4), CRC32C of them (4), 0 (4), then those bytes
 * the last one, of type {@link #END}: sections before it (4), CRC32C of all bytes before it (4)
 * </pre>
 */
public final class DeviceStateWriter {
    /** The letters "vNVMeDST". */
    static final long MAGIC = 0x5453_4465_4d56_4e76L;

    static final int VERSION = 1;
    static final int HEADER_BYTES = 16;
    static final int END = -1;
    static final int END_BYTES = 8;

    private final ByteArrayOutputStream whole = new ByteArrayOutputStream();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final ByteBuffer scratch = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int type = END;
    private int sections;

    public DeviceStateWriter() {
        whole.writeBytes(
                scratch.putLong(0, MAGIC).putInt(8, VERSION).putInt(12, 0).array());
    }

    /** @param newType not negative */
    public void section(int newType) {
        close();
        type = newType;
        sections++;
    }

    private void close() {
        if (type != END) {
            write(type, body.toByteArray());
            body.reset();
        }
    }

    private void write(int sectionType, byte[] bytes) {
        whole.writeBytes(scratch.putInt(0, sectionType)
                .putInt(4, bytes.length)
                .putInt(8, crc(bytes, 0, bytes.length))
                .putInt(12, 0)
                .array());
        whole.writeBytes(bytes);
    }

    static int crc(byte[] bytes, int offset, int count) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, count);
        return (int) crc.getValue();
    }

    public void putInt(int value) {
        body.write(scratch.putInt(0, value).array(), 0, Integer.BYTES);
    }

    public void putLong(long value) {
        body.write(scratch.putLong(0, value).array(), 0, Long.BYTES);
    }

    public void putBytes(MemorySegment bytes) {
        body.writeBytes(bytes.toArray(ValueLayout.JAVA_BYTE));
    }

    /** Its bytes (4), then UTF-8. */
    public void putText(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        putInt(bytes.length);
        body.writeBytes(bytes);
    }

    /** The whole stream. */
    public byte[] finish() {
        close();
        type = END;
        byte[] before = whole.toByteArray();
        ByteBuffer end = ByteBuffer.allocate(END_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        write(END, end.putInt(sections).putInt(crc(before, 0, before.length)).array());
        return whole.toByteArray();
    }
}
