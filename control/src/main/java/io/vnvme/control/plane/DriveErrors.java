package io.vnvme.control.plane;

/**
 * What a drive has failed since it was opened.
 *
 * @param reads reads
 * @param writes writes, flushes and deallocations
 */
public record DriveErrors(long reads, long writes) {
    public static final DriveErrors NONE = new DriveErrors(0, 0);
}
