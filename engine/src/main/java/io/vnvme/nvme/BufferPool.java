package io.vnvme.nvme;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A bounded number of equal buffers for commands that cannot work in the guest's memory alone. Who finds none waits
 * in line. Buffers are made when first needed and kept.
 */
final class BufferPool implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final long bufferBytes;
    private final int buffersMax;
    private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
    private final Queue<Request> waiting = new ArrayDeque<>();
    private final Consumer<Request> resume;
    private int made;

    /** @param resume called with a request that waited, once it may ask again */
    BufferPool(long bufferBytes, int buffersMax, Consumer<Request> resume) {
        this.bufferBytes = bufferBytes;
        this.buffersMax = buffersMax;
        this.resume = resume;
    }

    /** A buffer, or null when {@code request} was put in line and will be resumed. */
    @Nullable
    MemorySegment take(Request request) {
        MemorySegment buffer = free.poll();
        if (buffer == null && made < buffersMax) {
            made++;
            buffer = arena.allocate(bufferBytes, 4096);
        }
        if (buffer == null) {
            waiting.add(request);
        }
        return buffer;
    }

    void giveBack(MemorySegment buffer) {
        free.push(buffer);
        Request next = waiting.poll();
        if (next != null) {
            resume.accept(next);
        }
    }

    /** Takes out and counts those in line: their controller was reset. */
    Queue<Request> waiting() {
        return waiting;
    }

    @Override
    public void close() {
        arena.close();
    }
}
