package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The first write to a part of a block that the layer does not have: what shows through is read, the part is put over it,
 * and the whole block is written. The block is locked meanwhile.
 */
final class PartialBlock {
    private final SplitIo owner;
    private final SplitIo.Piece piece;
    private final MemorySegment bounce = Arena.ofAuto().allocate(Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES);
    private long block;
    private long from;
    private long end;
    private boolean writing;

    PartialBlock(SplitIo owner) {
        this.owner = owner;
        this.piece = new SplitIo.Piece(owner, this);
    }

    /** Bytes {@code from} to {@code end} of the volume, all in {@code block}, are what is written. */
    void prepare(long partialBlock, long fromByte, long endByte) {
        block = partialBlock;
        from = fromByte;
        end = endByte;
        writing = false;
    }

    long block() {
        return block;
    }

    void start() {
        long resolved = owner.resolve(block);
        if (resolved == Resolver.ZERO) {
            bounce.fill((byte) 0);
            write();
        } else {
            submit(Io.READ, resolved);
        }
    }

    private void write() {
        writing = true;
        owner.copyParent(from, bounce, from & (Geometry.BLOCK_BYTES - 1), end - from);
        submit(Io.WRITE, owner.place(block));
    }

    private void submit(int operation, long place) {
        piece.io.data().clear();
        piece.io.data().add(bounce, 0, Geometry.BLOCK_BYTES);
        owner.submit(piece, operation, place, 0, Geometry.BLOCK_BYTES);
    }

    /** What was submitted has ended. */
    void ended(int status) {
        if (status == IoStatus.OK && !writing) {
            // The write is counted before the read counts as ended: the request must not end in between.
            write();
        }
        owner.pieceEnded(status);
    }
}
