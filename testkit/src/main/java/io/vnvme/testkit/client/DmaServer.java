package io.vnvme.testkit.client;

import io.vnvme.testkit.ram.GuestRam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Answers the server's DMA_READ and DMA_WRITE requests from memory that it was not given a descriptor of. */
final class DmaServer {
    private static final int EFAULT = 14;

    private final Channel channel;
    private final DmaLayout layout;
    private final List<GuestRam> served = new CopyOnWriteArrayList<>();
    private final AtomicLong requests = new AtomicLong();

    DmaServer(Channel channel, DmaLayout layout) {
        this.channel = channel;
        this.layout = layout;
    }

    void serve(GuestRam ram) {
        served.add(ram);
    }

    void forget(GuestRam ram) {
        served.remove(ram);
    }

    /** Requests answered so far. */
    long requests() {
        return requests.get();
    }

    void answer(Message request) {
        requests.incrementAndGet();
        long iova = request.view().getLong(0);
        int count = request.view().getInt(Long.BYTES);
        List<MemorySegment> pieces = find(iova, count);
        if (pieces.isEmpty()) {
            reply(request, Wire.ERROR, EFAULT, new byte[0]);
        } else if (request.command() == Wire.DMA_READ) {
            byte[] body = Arrays.copyOf(request.body(), DmaLayout.COUNTED_BYTES + count);
            int at = layout.dataOffset();
            for (MemorySegment piece : pieces) {
                MemorySegment.copy(piece, ValueLayout.JAVA_BYTE, 0, body, at, (int) piece.byteSize());
                at += (int) piece.byteSize();
            }
            reply(request, 0, 0, body);
        } else {
            int at = layout.dataOffset();
            for (MemorySegment piece : pieces) {
                MemorySegment.copy(request.body(), at, piece, ValueLayout.JAVA_BYTE, 0, (int) piece.byteSize());
                at += (int) piece.byteSize();
            }
            reply(request, 0, 0, Arrays.copyOf(request.body(), DmaLayout.COUNTED_BYTES));
        }
    }

    private void reply(Message request, int flags, int error, byte[] body) {
        if ((request.flags() & Wire.NO_REPLY) == 0) {
            channel.send(new Message(request.id(), request.command(), Wire.TYPE_REPLY | flags, error, body, List.of())
                    .encode());
        }
    }

    /** The pieces of a guest range, region by region; empty when a byte of it is not there. */
    private List<MemorySegment> find(long iova, int count) {
        List<MemorySegment> pieces = new ArrayList<>();
        long at = iova;
        long left = Integer.toUnsignedLong(count);
        while (left > 0) {
            MemorySegment piece = null;
            for (GuestRam ram : served) {
                long offset = ram.layout().offset(at);
                if (offset >= 0) {
                    long inRegion =
                            ram.layout().regionBytes() - offset % ram.layout().regionBytes();
                    piece = ram.segment().asSlice(offset, Math.min(left, inRegion));
                    break;
                }
            }
            if (piece == null) {
                return List.of();
            }
            pieces.add(piece);
            at += piece.byteSize();
            left -= piece.byteSize();
        }
        return pieces;
    }
}
