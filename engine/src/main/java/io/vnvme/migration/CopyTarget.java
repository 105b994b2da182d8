package io.vnvme.migration;

import io.vnvme.drive.Io;

/** Where a copy goes: a volume of another pool, wherever that has its home, or a namespace of another machine. */
@FunctionalInterface
public interface CopyTarget {
    /**
     * Does or starts a write, a deallocation or a flush, as {@link io.vnvme.volume.Volume#submit} does. On the thread of the copy;
     * what is pending ends there.
     *
     * @return an {@link io.vnvme.drive.IoStatus}
     */
    int submit(Io io);
}
