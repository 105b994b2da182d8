package io.vnvme.memory;

import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.Memfd;
import io.vnvme.os.Reclaimer;
import io.vnvme.os.Stat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Optional;

/**
 * A memfd of a known layout that another process may go on with: magic (8), version (4), then what its {@link Layout} says.
 *
 * <p>Little endian. Stores that another process must find in their order are made by {@link #publishLong} and
 * {@link #publishInt}: a plain one may be moved by the compiler.
 */
public abstract class KeptMemory implements AutoCloseable {
    private static final long VERSION = 8;
    private static final long HEADER_BYTES = 4096;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final VarHandle INT_ATOMIC = INT.varHandle();
    private static final VarHandle LONG_ATOMIC = LONG.varHandle();

    private final Fd fd;
    private final Mapping mapping;
    private final MemorySegment segment;

    /**
     * What is there.
     *
     * @param name shows in /proc/PID/maps, and in refusals
     */
    public record Layout(String name, long magic, int version, long sizeBytes) {}

    /**
     * Why a program that knows this layout cannot go on with what another has left there; nothing when it can.
     *
     * @param found stays the caller's
     */
    public static Optional<String> refusal(Fd found, Layout layout) {
        if (Stat.sizeBytes(found) != layout.sizeBytes()) {
            return Optional.of(
                    "%s has not the %d bytes that this program reads".formatted(layout.name(), layout.sizeBytes()));
        }
        try (Mapping header = Mapping.shared(found, 0, HEADER_BYTES, false)) {
            long magic = header.segment().get(LONG, 0);
            int version = header.segment().get(INT, VERSION);
            if (magic != 0 && magic != layout.magic()) {
                return Optional.of("%s is something else than this program calls so".formatted(layout.name()));
            }
            return magic == 0 || version == layout.version()
                    ? Optional.empty()
                    : Optional.of("%s is of version %d, and this program reads version %d"
                            .formatted(layout.name(), version, layout.version()));
        }
    }

    /** Zeros behind magic and version; memory is taken when it is first touched. */
    protected KeptMemory(Layout layout) {
        fd = Memfd.create(layout.name(), layout.sizeBytes());
        mapping = mapped(fd, layout);
        segment = mapping.segment();
        segment.set(INT, VERSION, layout.version());
        LONG_ATOMIC.setRelease(segment, 0L, layout.magic());
    }

    /**
     * What another process has left.
     *
     * @param found its owner from now on, also when it fails
     * @throws IllegalArgumentException when it is none such, or of another version
     */
    protected KeptMemory(Layout layout, Fd found) {
        fd = found;
        if (Stat.sizeBytes(found) != layout.sizeBytes()) {
            found.close();
            throw new IllegalArgumentException(
                    "%s has %d bytes and no other number".formatted(layout.name(), layout.sizeBytes()));
        }
        mapping = mapped(found, layout);
        segment = mapping.segment();
        int version = segment.get(INT, VERSION);
        if (segment.get(LONG, 0) != layout.magic() || version != layout.version()) {
            mapping.close();
            found.close();
            throw new IllegalArgumentException("%s of version %d: this program reads version %d"
                    .formatted(layout.name(), version, layout.version()));
        }
    }

    private static Mapping mapped(Fd fd, Layout layout) {
        try {
            return Mapping.shared(fd, 0, layout.sizeBytes(), true);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Of the file, for a holder process: it stays this one's. */
    public final Fd fd() {
        return fd;
    }

    public final MemorySegment segment() {
        return segment;
    }

    public final int getInt(long offset) {
        return segment.get(INT, offset);
    }

    public final void setInt(long offset, int value) {
        segment.set(INT, offset, value);
    }

    public final long getLong(long offset) {
        return segment.get(LONG, offset);
    }

    public final void setLong(long offset, long value) {
        segment.set(LONG, offset, value);
    }

    /** With release: whoever finds it finds all that was stored before. */
    public final void publishInt(long offset, int value) {
        INT_ATOMIC.setRelease(segment, offset, value);
    }

    /** The same. */
    public final void publishLong(long offset, long value) {
        LONG_ATOMIC.setRelease(segment, offset, value);
    }

    @Override
    public void close() {
        mapping.close();
        fd.close();
    }

    /** The same from a reactor. */
    public void close(Reclaimer reclaimer) {
        fd.close();
        reclaimer.close(mapping);
    }
}
