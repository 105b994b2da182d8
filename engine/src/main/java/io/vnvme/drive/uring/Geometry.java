package io.vnvme.drive.uring;

import io.vnvme.os.BlockDevice;
import io.vnvme.os.Fd;
import io.vnvme.os.Stat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a file or block device is like.
 *
 * @param sizeBytes a multiple of {@code blockBytes}: what is beyond the last whole block is not used
 * @param blockBytes unit of transfers: 512 or 4096
 * @param physicalBlockBytes what is written without reading before; at least {@code blockBytes}
 * @param optimalIoBytes what transfers should be multiples of; at least {@code physicalBlockBytes}
 * @param memoryAlignBytes what addresses of data must be multiples of; a power of two
 * @param direct whether transfers go around the page cache
 * @param writeCache whether completed writes can be lost by a power cut
 */
public record Geometry(
        long sizeBytes,
        int blockBytes,
        int physicalBlockBytes,
        int optimalIoBytes,
        int memoryAlignBytes,
        boolean direct,
        boolean writeCache) {
    private static final int SECTOR = 512;
    private static final int PAGE = 4096;

    static Geometry of(Fd fd, boolean direct) {
        Stat stat = Stat.of(fd);
        return stat.isBlockDevice() ? ofDevice(fd, stat, direct) : ofFile(stat, direct);
    }

    /** Whether blocks of this size can be used; a file system on odd devices may demand more for direct transfers. */
    static boolean supported(int blockBytes) {
        return blockBytes == SECTOR || blockBytes == PAGE;
    }

    private static Geometry ofFile(Stat stat, boolean direct) {
        int block = direct ? Math.max(SECTOR, stat.directIo().offsetAlignBytes()) : SECTOR;
        int memory = direct ? memoryAlign(stat) : 1;
        int physical = Math.max(block, stat.blockSizeBytes());
        return new Geometry(stat.sizeBytes() & -block, block, physical, physical, memory, direct, true);
    }

    private static Geometry ofDevice(Fd fd, Stat stat, boolean direct) {
        int block = Math.max(SECTOR, BlockDevice.logicalBlockBytes(fd));
        int physical = Math.max(block, BlockDevice.physicalBlockBytes(fd));
        int optimal = Math.max(physical, BlockDevice.optimalIoBytes(fd) & -physical);
        int memory = direct ? memoryAlign(stat) : 1;
        long size = BlockDevice.sizeBytes(fd) & -block;
        return new Geometry(size, block, physical, optimal, memory, direct, !direct || writeCache(stat));
    }

    /** A kernel before 6.1 does not say; a sector was always enough for it. */
    private static int memoryAlign(Stat stat) {
        int told = stat.directIo().memoryAlignBytes();
        return told > 0 && Integer.bitCount(told) == 1 ? told : SECTOR;
    }

    /** A partition's queue is its disk's. Who does not say has a cache. */
    private static boolean writeCache(Stat stat) {
        Path device = sysfs(stat);
        for (Path queue : new Path[] {device.resolve("queue"), device.resolve("../queue")}) {
            Path setting = queue.resolve("write_cache");
            if (Files.exists(setting)) {
                try {
                    return !Files.readString(setting).strip().equals("write through");
                } catch (IOException e) {
                    return true;
                }
            }
        }
        return true;
    }

    static Path sysfs(Stat stat) {
        Path link = Path.of("/sys/dev/block", stat.deviceItselfMajor() + ":" + stat.deviceItselfMinor());
        try {
            return link.toRealPath();
        } catch (IOException e) {
            return link;
        }
    }
}
