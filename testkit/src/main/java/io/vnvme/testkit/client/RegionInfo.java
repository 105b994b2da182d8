package io.vnvme.testkit.client;

import java.util.List;

/**
 * Reply to DEVICE_GET_REGION_INFO.
 *
 * @param argsz size that the full answer has
 * @param flags can-read, can-write, can-mmap, has-capabilities
 * @param sizeBytes size of the region
 * @param fileOffset where the region begins in the descriptor that came along
 * @param areas parts that can be mapped, when the region says so
 * @param fdCount descriptors that came along
 */
public record RegionInfo(
        int argsz, int flags, int index, long sizeBytes, long fileOffset, List<Area> areas, int fdCount) {
    /** A mappable part: offset in the region, and size. */
    public record Area(long offset, long sizeBytes) {}
}
