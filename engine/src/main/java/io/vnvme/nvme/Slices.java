package io.vnvme.nvme;

import io.vnvme.volume.Volume;

/**
 * How large transfers are cut where the volume moves the bytes there and then, on the reactor's own time: so that other
 * controllers have their turn in between. Volumes that answer later get a request whole.
 */
final class Slices {
    /** Smallest slice of a turn that is not smaller itself; what is not longer goes whole. */
    private static final long SLICE_BYTES = 16 << 10;
    /** Smallest slice of all; cuts lie on multiples of it, so that no block of a pool is cut. */
    private static final long BLOCK_BYTES = 4 << 10;
    /** What commands of several steps do in one. */
    private static final long PIECE_BYTES = 16 << 10;

    private Slices() {}

    /** Whether a request of this length is cut when a pass has {@code budget} left. */
    static boolean cut(Volume volume, long lengthBytes, long budget) {
        return lengthBytes > budget && lengthBytes > SLICE_BYTES && volume.synchronous();
    }

    /**
     * How much of {@code leftBytes} at {@code offsetBytes} of the volume comes next.
     *
     * @param turnBytes what a pass usually may do
     * @param budget what this one still may
     */
    static long next(long offsetBytes, long leftBytes, long turnBytes, long budget) {
        long unit = turnBytes < SLICE_BYTES ? BLOCK_BYTES : SLICE_BYTES;
        long most = Math.max(budget, unit);
        return leftBytes <= most ? leftBytes : (offsetBytes + most & -unit) - offsetBytes;
    }

    /** How much a step of a command does of {@code leftBytes}. */
    static long piece(Volume volume, long leftBytes, long mostBytes) {
        return Math.min(leftBytes, volume.synchronous() ? PIECE_BYTES : mostBytes);
    }
}
