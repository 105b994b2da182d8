package io.vnvme.drive.uring;

import io.vnvme.drive.Io;
import io.vnvme.os.Errno;
import io.vnvme.os.uring.Entry;

/**
 * How ranges of a file or device are made to read zeros: the best way first, the next when the kernel refuses it.
 *
 * <p>Of a file, Deallocate makes a hole, and Write Zeroes keeps the space. Of a block device the kernel promises zeros for
 * both: by the device's own command, and for {@link Entry#ZERO_RANGE} else by writing them.
 */
final class Clearing {
    /** No mode of FALLOCATE: zeros are to be written. */
    static final int BY_WRITING = -1;

    private static final int HOLE = Entry.PUNCH_HOLE | Entry.KEEP_SIZE;
    private static final int ZEROS = Entry.ZERO_RANGE | Entry.KEEP_SIZE;

    private final boolean device;
    private int deallocate = HOLE;
    private int writeZeroes = ZEROS;

    Clearing(boolean device) {
        this.device = device;
    }

    int mode(int operation) {
        return operation == Io.DEALLOCATE ? deallocate : writeZeroes;
    }

    /** @return true when there is another way, which {@link #mode} gives from now on */
    boolean refused(int operation, int errno) {
        if (errno != Errno.ENOTSUP && errno != Errno.EINVAL && errno != Errno.ENOSYS) {
            return false;
        }
        if (operation == Io.DEALLOCATE) {
            deallocate = device && deallocate == HOLE ? ZEROS : BY_WRITING;
        } else {
            // A file system that knows holes only, like tmpfs: a hole reads zeros too.
            writeZeroes = !device && writeZeroes == ZEROS ? HOLE : BY_WRITING;
        }
        return true;
    }
}
