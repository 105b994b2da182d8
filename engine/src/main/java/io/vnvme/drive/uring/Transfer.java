package io.vnvme.drive.uring;

import io.vnvme.drive.Io;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A unit of work between its submission and its completion: where it stands. Pooled by its ring. */
final class Transfer {
    /** What the request in the kernel does for it. */
    static final int MOVE = 1;

    static final int FLUSH = 2;
    static final int ALLOCATE = 3;
    static final int ZERO = 4;

    final int index;
    int stage;
    /** Bytes of the work that are done. */
    long doneBytes;
    /** Bytes that the request in the kernel is about. */
    long askedBytes;
    /** How often the kernel said to try again. */
    int retries;

    private @Nullable UringDrive drive;
    private @Nullable Io io;
    private @Nullable MemorySegment bounce;

    Transfer(int index) {
        this.index = index;
    }

    void begin(UringDrive owner, Io work) {
        drive = owner;
        io = work;
        stage = 0;
        doneBytes = 0;
        askedBytes = 0;
        retries = 0;
    }

    void end() {
        drive = null;
        io = null;
    }

    UringDrive drive() {
        return present(drive);
    }

    Io io() {
        return present(io);
    }

    /** Memory that stands in for the caller's, which direct transfers cannot use; null when there is none. */
    @Nullable
    MemorySegment bounce() {
        return bounce;
    }

    void bounce(@Nullable MemorySegment memory) {
        bounce = memory;
    }

    long leftBytes() {
        return io().lengthBytes() - doneBytes;
    }

    private static <T> T present(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("transfer without work");
        }
        return value;
    }
}
