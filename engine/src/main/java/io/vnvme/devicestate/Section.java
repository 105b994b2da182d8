package io.vnvme.devicestate;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** A section of a device's state, read from its begin to its end. */
public final class Section {
    private final int type;
    private final ByteBuffer bytes;

    Section(int type, byte[] stream, int offset, int length) {
        this.type = type;
        this.bytes = ByteBuffer.wrap(stream, offset, length).slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    public int type() {
        return type;
    }

    /** @throws DeviceStateException when there are not so many bytes left; as all that follow */
    public int getInt() {
        return checked(bytes::getInt);
    }

    public long getLong() {
        return checked(bytes::getLong);
    }

    public byte[] getBytes(int count) {
        if (count < 0 || count > bytes.remaining()) {
            throw tooShort();
        }
        byte[] taken = new byte[count];
        bytes.get(taken);
        return taken;
    }

    /** @throws DeviceStateException when it is of more than {@code bytesMax} bytes */
    public String getText(String what, int bytesMax) {
        return new String(getBytes(getCount(what, bytesMax)), StandardCharsets.UTF_8);
    }

    /** A number of things that follow. @throws DeviceStateException when it is none of 0 to {@code max} */
    public int getCount(String what, int max) {
        int count = getInt();
        if (count < 0 || count > max) {
            throw new DeviceStateException("%s: %d, not 0 to %d".formatted(what, count, max));
        }
        return count;
    }

    /** @throws DeviceStateException when something is left */
    public void end() {
        if (bytes.hasRemaining()) {
            throw new DeviceStateException(
                    "section %d: %d bytes more than are read".formatted(type, bytes.remaining()));
        }
    }

    private <T> T checked(Supplier<T> read) {
        try {
            return read.get();
        } catch (BufferUnderflowException e) {
            throw tooShort();
        }
    }

    private DeviceStateException tooShort() {
        return new DeviceStateException("section %d is too short".formatted(type));
    }
}
