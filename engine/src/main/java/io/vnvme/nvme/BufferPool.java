package io.vnvme.nvme;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
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
    private boolean serving;

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

    /** Takes a buffer back and serves who waits: in a loop, since a command served may end here and now. */
    void giveBack(MemorySegment buffer) {
        free.push(buffer);
        if (serving) {
            return;
        }
        serving = true;
        try {
            while (!free.isEmpty() && !waiting.isEmpty()) {
                resume.accept(waiting.remove());
            }
        } finally {
            serving = false;
        }
    }

    /** Moves those in line to {@code out}: their controller was reset. */
    void withdrawAll(Queue<Request> out) {
        out.addAll(waiting);
        waiting.clear();
    }

    /** Takes one command out of the line; null when it does not wait here. */
    @Nullable
    Request withdraw(int sqId, int cid) {
        for (Iterator<Request> all = waiting.iterator(); all.hasNext(); ) {
            Request request = all.next();
            if (request.queue().id() == sqId && request.cid() == cid) {
                all.remove();
                return request;
            }
        }
        return null;
    }

    @Override
    public void close() {
        arena.close();
    }
}
