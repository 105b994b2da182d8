package io.vnvme.nvme;

import io.vnvme.volume.Volume;

/**
 * How large transfers are cut where the volume moves the bytes there and then, on the reactor's own time: so that other
 * controllers have their turn in between. Volumes that answer later get a request whole.
 */
final class Slices {
    /** Smallest slice; cuts lie on multiples of it, so that no block of a pool is cut. */
    private static final long SLICE_BYTES = 16 << 10;
    /** What commands of several steps do in one. */
    private static final long PIECE_BYTES = 32 << 10;

    private Slices() {}

    /** Whether a request of this length is cut when a pass has {@code budget} left. */
    static boolean cut(Volume volume, long lengthBytes, long budget) {
        return lengthBytes > budget && lengthBytes > SLICE_BYTES && volume.synchronous();
    }

    /** How much of {@code leftBytes} at {@code offsetBytes} of the volume comes next. */
    static long next(long offsetBytes, long leftBytes, long budget) {
        long most = Math.max(budget, SLICE_BYTES);
        return leftBytes <= most ? leftBytes : (offsetBytes + most & -SLICE_BYTES) - offsetBytes;
    }

    /** How much a step of a command does of {@code leftBytes}. */
    static long piece(Volume volume, long leftBytes, long mostBytes) {
        return Math.min(leftBytes, volume.synchronous() ? PIECE_BYTES : mostBytes);
    }
}
