package io.vnvme.handover;

import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a daemon and its holder say to each other, one packet each: a letter, and text behind it; some come with a descriptor.
 *
 * @param letter one of those below
 * @param text a name, or nothing
 * @param fd its owner is who received it
 */
record Packet(char letter, String text, @Nullable Fd fd) {
    /** To the holder: keep this descriptor under this name. */
    static final char KEEP = 'K';
    /** To the holder: let go of all whose names begin so. */
    static final char DROP = 'D';
    /** To the holder: hand over all. It waits until this process is the one that is to serve, and none before it is left. */
    static final char LIST = 'L';
    /** To the holder: show all that is kept now. It may change meanwhile. */
    static final char LOOK = 'O';
    /** From the holder: one that it keeps. */
    static final char ITEM = 'I';
    /** From the holder: that was all; the text says why this process serves, if there is something to say. */
    static final char END = 'E';
    /** To the holder: the daemon serves. */
    static final char SERVING = 'S';
    /** To the holder: the daemon is at work. One that serves and does not say so is ended. */
    static final char PULSE = 'B';
    /** To the holder: the daemon waits for something outside; the text is for how many seconds at most. */
    static final char WAITS = 'W';
    /** To the holder: this process stands by. */
    static final char READY = 'R';
    /** To the holder: this process cannot take up what is kept; and from the holder, the same of a successor. The text says why. */
    static final char REFUSED = 'N';
    /** To the holder: start the daemon's command anew, for an upgrade. It is answered with GO or REFUSED. */
    static final char UPGRADE = 'U';
    /** From the holder: the successor stands by, and takes over as soon as this process ends. */
    static final char GO = 'G';
    /** To the holder: end this process now, for its successor. It is answered with REFUSED when there is none any more. */
    static final char LEAVE = 'X';

    static final int BYTES_MAX = 1024;

    /** One end of a connection. One thread at a time for each direction. */
    static final class Port implements AutoCloseable {
        private final UnixSocket socket;
        private final MemorySegment out = Arena.ofAuto().allocate(BYTES_MAX, Long.BYTES);
        private final MemorySegment in = Arena.ofAuto().allocate(BYTES_MAX, Long.BYTES);

        Port(UnixSocket socket) {
            this.socket = socket;
        }

        /** Waits until the other end has room. @return false when it is gone */
        synchronized boolean send(char letter, String text, int... fds) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            if (bytes.length >= BYTES_MAX) {
                throw new IllegalArgumentException("a name of %d bytes".formatted(bytes.length));
            }
            out.set(ValueLayout.JAVA_BYTE, 0, (byte) letter);
            MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 1, bytes.length);
            return socket.send(out, 0, 1 + bytes.length, fds) > 0;
        }

        /** Waits for the next; nothing when the other end is gone. */
        Optional<Packet> receive() {
            try (FdQueue fds = new FdQueue(1)) {
                int count = socket.receive(in, 0, BYTES_MAX, fds);
                if (count <= 0) {
                    return Optional.empty();
                }
                byte[] text = in.asSlice(1, count - 1).toArray(ValueLayout.JAVA_BYTE);
                int number = fds.take();
                return Optional.of(new Packet(
                        (char) in.get(ValueLayout.JAVA_BYTE, 0),
                        new String(text, StandardCharsets.UTF_8),
                        number < 0 ? null : Fd.adopt(number)));
            }
        }

        UnixSocket socket() {
            return socket;
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
