package io.vnvme.frontend.vfiouser;

import io.vnvme.memory.DmaMessages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Guest memory by messages: transfers are cut into commands to the client, of which a bounded number is on its way.
 *
 * <p>Nothing is sent, and nobody called back, inside {@link #read} and {@link #write}: {@link #poll} does both.
 */
final class DmaChannel implements DmaMessages {
    private static final int WINDOW = 16;
    /** Smaller than the protocol's maximum, to keep what waits in the outbox small. */
    private static final int CHUNK_MAX_BYTES = 32 << 10;
    /**
     * What all reads on their way may bring back. QEMU 11.1 sends a reply by one write and takes no notice when its socket takes
     * only a part, after which nothing on the connection makes sense; by default a socket has room for 208 KiB.
     */
    private static final int READ_WINDOW_BYTES = 64 << 10;

    private final Outbox outbox;
    private final ConnectionState state;
    private final ArrayDeque<Transfer> waiting = new ArrayDeque<>();
    private final ArrayDeque<Transfer> ended = new ArrayDeque<>();
    private final @Nullable Chunk[] window = new Chunk[WINDOW];
    private int onTheWay;
    private int readBytesOnTheWay;
    private int nextId;
    private int chunkBytes = CHUNK_MAX_BYTES;
    private @Nullable DmaLayout layout;
    private boolean closed;

    DmaChannel(Outbox outbox, ConnectionState state) {
        this.outbox = outbox;
        this.state = state;
        this.layout = state.has(ConnectionState.LAYOUT_QEMU)
                ? DmaLayout.QEMU
                : state.has(ConnectionState.LAYOUT_SPECIFICATION) ? DmaLayout.SPECIFICATION : null;
        for (int slot = 0; slot < WINDOW; slot++) {
            int id = state.getInt(idAt(slot)) - 1;
            if (id >= 0 && !isStale(id)) {
                replaceStale(0, id + 1);
            }
            state.publishInt(idAt(slot), 0);
        }
    }

    /** Whether another process sent the command of this identifier: nobody waits for its reply any more. */
    private boolean isStale(int id) {
        for (int i = 0; i < ConnectionState.STALE_MAX; i++) {
            if (state.getInt(staleAt(i)) == id + 1) {
                return true;
            }
        }
        return false;
    }

    private void replaceStale(int old, int value) {
        for (int i = 0; i < ConnectionState.STALE_MAX; i++) {
            if (state.getInt(staleAt(i)) == old) {
                state.publishInt(staleAt(i), value);
                return;
            }
        }
    }

    private static long staleAt(int index) {
        return ConnectionState.STALE_IDS + 4L * index;
    }

    private void learned(DmaLayout found) {
        layout = found;
        int flag = found == DmaLayout.QEMU ? ConnectionState.LAYOUT_QEMU : ConnectionState.LAYOUT_SPECIFICATION;
        state.publishInt(ConnectionState.FLAGS, state.getInt(ConnectionState.FLAGS) | flag);
    }

    private static long idAt(int slot) {
        return ConnectionState.DMA_IDS + 4L * slot;
    }

    /** One call of {@link #read} or {@link #write}. */
    private static final class Transfer {
        private final int command;
        private final long iova;
        private final MemorySegment data;
        private final Completion completion;
        private long sent;
        private int outstanding;
        private boolean failed;

        Transfer(int command, long iova, MemorySegment data, Completion completion) {
            this.command = command;
            this.iova = iova;
            this.data = data;
            this.completion = completion;
        }

        boolean finished() {
            return outstanding == 0 && (failed || sent == data.byteSize());
        }
    }

    private record Chunk(int id, Transfer transfer, long offset, int sizeBytes) {}

    /** The largest count that the client takes in one command. */
    void transferMax(int bytes) {
        chunkBytes = Math.min(CHUNK_MAX_BYTES, bytes);
    }

    @Override
    public void read(long iova, MemorySegment target, Completion completion) {
        begin(new Transfer(Wire.DMA_READ, iova, target, completion));
    }

    @Override
    public void write(long iova, MemorySegment source, Completion completion) {
        begin(new Transfer(Wire.DMA_WRITE, iova, source, completion));
    }

    private void begin(Transfer transfer) {
        transfer.failed = closed;
        (transfer.finished() ? ended : waiting).add(transfer);
    }

    /** Sends what may be sent and calls back whose transfers ended. @return how much was done */
    int poll() {
        int work = 0;
        while (!waiting.isEmpty() && maySend()) {
            send(waiting.element());
            work++;
        }
        return work + callBack();
    }

    /** True when nothing is on its way, and nobody waits for anything. */
    boolean idle() {
        return onTheWay == 0 && waiting.isEmpty() && ended.isEmpty();
    }

    /** True when {@link #poll} has something to do. */
    boolean due() {
        return !ended.isEmpty() || !waiting.isEmpty() && maySend();
    }

    /**
     * Takes the reply to one of the commands sent.
     *
     * @throws ConnectionException when there is no such command
     */
    void reply(MemorySegment header, MemorySegment body) {
        if (isStale(Header.id(header))) {
            replaceStale(Header.id(header) + 1, 0);
            return;
        }
        int slot = find(Header.id(header));
        Chunk chunk = slot < 0 ? null : window[slot];
        if (chunk == null || chunk.transfer().command != Header.command(header)) {
            throw new ConnectionException("reply %d to no command".formatted(Header.id(header)));
        }
        free(slot);
        Transfer transfer = chunk.transfer();
        transfer.outstanding--;
        if (Header.failed(header)
                || (transfer.command == Wire.DMA_READ && !take(chunk, body))
                || (transfer.command == Wire.DMA_WRITE && !confirmed(chunk, body))) {
            transfer.failed = true;
        }
        if (transfer.finished()) {
            waiting.remove(transfer);
            ended.add(transfer);
        }
    }

    /** Fails everything that is under way, and all that comes later. The client is gone. */
    void close() {
        closed = true;
        for (int slot = 0; slot < WINDOW; slot++) {
            Chunk chunk = window[slot];
            if (chunk != null) {
                free(slot);
                Transfer transfer = chunk.transfer();
                transfer.failed = true;
                transfer.outstanding--;
                if (transfer.finished() && !waiting.contains(transfer)) {
                    ended.add(transfer);
                }
            }
        }
        for (Transfer transfer : waiting) {
            transfer.failed = true;
            ended.add(transfer);
        }
        waiting.clear();
        callBack();
    }

    private boolean maySend() {
        return onTheWay < WINDOW && readBytesOnTheWay + chunkBytes <= READ_WINDOW_BYTES && !outbox.full();
    }

    private void send(Transfer transfer) {
        if (transfer.failed) {
            waiting.remove();
            return;
        }
        long offset = transfer.sent;
        int count = (int) Math.min(chunkBytes, transfer.data.byteSize() - offset);
        boolean write = transfer.command == Wire.DMA_WRITE;
        int size = Header.SIZE + DmaLayout.FIXED + (write ? count : 0);
        MemorySegment message = outbox.reserve(size);
        int id = freeId();
        Header.write(message, id, transfer.command, size, Header.TYPE_COMMAND, 0);
        MemorySegment body = message.asSlice(Header.SIZE);
        body.set(Wire.LONG, 0, transfer.iova + offset);
        body.set(Wire.LONG, 8, count);
        if (write) {
            // A write follows from a command that was read, so the layout is known by now.
            int dataOffset = (layout == null ? DmaLayout.SPECIFICATION : layout).dataOffset();
            body.set(Wire.INT, size - Header.SIZE - 4L, 0);
            MemorySegment.copy(transfer.data, offset, body, dataOffset, count);
        }
        outbox.commit(size);
        hold(new Chunk(id, transfer, offset, count));
        transfer.outstanding++;
        transfer.sent += count;
        if (transfer.sent == transfer.data.byteSize()) {
            waiting.remove();
        }
    }

    private boolean take(Chunk chunk, MemorySegment body) {
        if (body.byteSize() < DmaLayout.FIXED + chunk.sizeBytes() || body.get(Wire.INT, 8) != chunk.sizeBytes()) {
            return false;
        }
        DmaLayout found = layout(body, chunk.sizeBytes());
        MemorySegment target = chunk.transfer().data;
        MemorySegment.copy(body, found.dataOffset(), target, chunk.offset(), chunk.sizeBytes());
        return true;
    }

    /** QEMU answers a write with a header alone. */
    private static boolean confirmed(Chunk chunk, MemorySegment body) {
        return body.byteSize() < DmaLayout.QEMU.dataOffset() || body.get(Wire.INT, 8) == chunk.sizeBytes();
    }

    /**
     * Tells the two kinds of client apart by the high half of the count, which is 0 with one and the first of the data
     * with the other. The first bytes read are those of a submission queue entry, whose opcode and command
     * identifier are not both 0; as long as everything read is 0, both layouts mean the same.
     */
    private DmaLayout layout(MemorySegment body, int count) {
        DmaLayout known = layout;
        if (known != null) {
            return known;
        }
        if (body.get(Wire.INT, 12) != 0) {
            learned(DmaLayout.QEMU);
            return DmaLayout.QEMU;
        }
        for (int i = 0; i < count; i++) {
            if (body.get(ValueLayout.JAVA_BYTE, DmaLayout.FIXED + i) != 0) {
                learned(DmaLayout.SPECIFICATION);
                break;
            }
        }
        return DmaLayout.SPECIFICATION;
    }

    private int callBack() {
        int work = 0;
        for (Transfer transfer = ended.poll(); transfer != null; transfer = ended.poll()) {
            transfer.completion.transferred(!transfer.failed);
            work++;
        }
        return work;
    }

    private int freeId() {
        do {
            nextId = (nextId + 1) & 0xffff;
        } while (find(nextId) >= 0 || isStale(nextId));
        return nextId;
    }

    private int find(int id) {
        for (int slot = 0; slot < WINDOW; slot++) {
            Chunk chunk = window[slot];
            if (chunk != null && chunk.id() == id) {
                return slot;
            }
        }
        return -1;
    }

    private void hold(Chunk chunk) {
        for (int slot = 0; slot < WINDOW; slot++) {
            if (window[slot] == null) {
                window[slot] = chunk;
                state.publishInt(idAt(slot), chunk.id() + 1);
                onTheWay++;
                if (chunk.transfer().command == Wire.DMA_READ) {
                    readBytesOnTheWay += chunk.sizeBytes();
                }
                return;
            }
        }
        throw new IllegalStateException("window of " + WINDOW + " is full");
    }

    private void free(int slot) {
        Chunk chunk = window[slot];
        if (chunk != null && chunk.transfer().command == Wire.DMA_READ) {
            readBytesOnTheWay -= chunk.sizeBytes();
        }
        window[slot] = null;
        state.publishInt(idAt(slot), 0);
        onTheWay--;
    }
}
