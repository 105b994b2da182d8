package io.vnvme.testkit.client;

import io.vnvme.os.Fd;
import java.nio.ByteBuffer;
import java.util.List;

/** One message: header fields, body, and descriptors that came with it, which belong to whoever received it. */
public final class Message {
    private final int id;
    private final int command;
    private final int flags;
    private final int error;
    private final byte[] body;
    private final List<Fd> fds;

    /**
     * @param flags type, NO_REPLY and ERROR bits
     * @param error errno of an error reply
     */
    public Message(int id, int command, int flags, int error, byte[] body, List<Fd> fds) {
        this.id = id;
        this.command = command;
        this.flags = flags;
        this.error = error;
        this.body = body;
        this.fds = fds;
    }

    public int id() {
        return id;
    }

    public int command() {
        return command;
    }

    public int flags() {
        return flags;
    }

    /** errno of an error reply. */
    public int error() {
        return error;
    }

    public byte[] body() {
        return body;
    }

    public List<Fd> fds() {
        return fds;
    }

    public boolean reply() {
        return (flags & Wire.TYPE_MASK) == Wire.TYPE_REPLY;
    }

    public boolean failed() {
        return (flags & Wire.ERROR) != 0;
    }

    /** The body as a little-endian buffer. */
    public ByteBuffer view() {
        return Wire.view(body);
    }

    /** The bytes as they go over the socket. */
    public byte[] encode() {
        return encode(id, command, flags, error, Wire.HEADER_BYTES + body.length, body);
    }

    /** Any message, also one whose size field tells a lie. */
    public static byte[] encode(int id, int command, int flags, int error, int size, byte[] body) {
        return Wire.body(Wire.HEADER_BYTES + body.length)
                .putShort((short) id)
                .putShort((short) command)
                .putInt(size)
                .putInt(flags)
                .putInt(error)
                .put(body)
                .array();
    }
}
