package io.vnvme.frontend.vfiouser;

import java.lang.foreign.MemorySegment;

/** The 16 bytes before every message: id (2), command (2), size with these 16 (4), flags (4), errno (4). */
final class Header {
    static final int SIZE = 16;

    private static final long ID = 0;
    private static final long COMMAND = 2;
    private static final long MESSAGE_SIZE = 4;
    private static final long FLAGS = 8;
    private static final long ERROR = 12;

    static final int TYPE_MASK = 0xf;
    static final int TYPE_COMMAND = 0;
    static final int TYPE_REPLY = 1;
    static final int FLAG_NO_REPLY = 0x10;
    static final int FLAG_ERROR = 0x20;

    private Header() {}

    static int id(MemorySegment message) {
        return Short.toUnsignedInt(message.get(Wire.SHORT, ID));
    }

    static int command(MemorySegment message) {
        return Short.toUnsignedInt(message.get(Wire.SHORT, COMMAND));
    }

    /** Size of the whole message in bytes, as an unsigned number. */
    static long sizeBytes(MemorySegment message) {
        return Integer.toUnsignedLong(message.get(Wire.INT, MESSAGE_SIZE));
    }

    static int type(MemorySegment message) {
        return message.get(Wire.INT, FLAGS) & TYPE_MASK;
    }

    static boolean noReply(MemorySegment message) {
        return (message.get(Wire.INT, FLAGS) & FLAG_NO_REPLY) != 0;
    }

    static boolean failed(MemorySegment message) {
        return (message.get(Wire.INT, FLAGS) & FLAG_ERROR) != 0;
    }

    static void write(MemorySegment message, int id, int command, int sizeBytes, int flags, int errno) {
        message.set(Wire.SHORT, ID, (short) id);
        message.set(Wire.SHORT, COMMAND, (short) command);
        message.set(Wire.INT, MESSAGE_SIZE, sizeBytes);
        message.set(Wire.INT, FLAGS, flags);
        message.set(Wire.INT, ERROR, errno);
    }
}
