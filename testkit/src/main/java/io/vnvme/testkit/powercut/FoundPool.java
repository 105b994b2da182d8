package io.vnvme.testkit.powercut;

import io.vnvme.crypto.AesXts;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.ImageMap;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.mirror.MirrorImage;
import io.vnvme.pool.mirror.ReplicaState;
import io.vnvme.testkit.sim.CutImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** What the loader found after a power cut, read by its own map from the replicas that the pool would read. */
final class FoundPool implements Recovered {
    private static final int BLOCK = 4096;
    private static final int BLOCK_SECTORS = 8;
    private static final int SECTOR = 512;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final PoolImage image;
    private final ImageMap map;
    /** For each set its drives that have all data, the one that counts first. */
    private final List<List<CutImage>> sets = new ArrayList<>();

    private final @Nullable AesXts cipher;
    private final Io io = new Io((_, _) -> {});
    private @Nullable MemorySegment buffer;

    FoundPool(PoolScan scan, PoolImage image, List<CutImage> images, @Nullable AesXts cipher) {
        this.image = image;
        this.cipher = cipher;
        map = new ImageMap(image);
        for (int set = 0; set < image.config().sets().size(); set++) {
            MirrorImage mirror = scan.mirrors().get(set);
            List<MemberRecord> members = image.config().membersOf(set);
            List<CutImage> current = new ArrayList<>();
            for (int slot = 0; slot < members.size(); slot++) {
                if (mirror == null || mirror.present(slot) && mirror.state(slot) == ReplicaState.CURRENT) {
                    current.add(images.get(PoolStore.index(members.get(slot).drive())));
                }
            }
            sets.add(current);
        }
    }

    @Override
    public Map<String, Long> sizes() {
        Map<String, Long> sizes = new TreeMap<>();
        for (LayerRecord record : map.list()) {
            sizes.put(record.name(), record.sizeBytes());
        }
        return sizes;
    }

    /** The drive that has that range: the first on which it can be read. */
    private CutImage source(int set, long offsetBytes, long lengthBytes) {
        List<CutImage> current = sets.get(set);
        for (CutImage drive : current) {
            if (drive.readable(offsetBytes, lengthBytes)) {
                return drive;
            }
        }
        throw new AssertionError("%d bytes at %d of set %d cannot be read".formatted(lengthBytes, offsetBytes, set));
    }

    @Override
    public void read(String name, long[] stamps, int sectors) {
        map.each(name, (block, count, set, offset) -> {
            int first = (int) block * BLOCK_SECTORS;
            if (set < 0) {
                Arrays.fill(stamps, first, first + count * BLOCK_SECTORS, 0);
            } else if (cipher == null) {
                source(set, offset, (long) count * BLOCK).stamps(offset, stamps, first, count * BLOCK_SECTORS);
            } else {
                for (int i = 0; i < count; i++) {
                    decrypt(cipher, block + i, set, offset + (long) i * BLOCK, stamps);
                }
            }
        });
    }

    private void decrypt(AesXts with, long block, int set, long offset, long[] stamps) {
        MemorySegment data = readBlock(set, offset, BLOCK);
        with.decrypt(data, 0, data, 0, BLOCK, block);
        for (int i = 0; i < BLOCK_SECTORS; i++) {
            stamps[(int) block * BLOCK_SECTORS + i] = data.get(ValueLayout.JAVA_LONG, (long) i * SECTOR);
        }
    }

    private MemorySegment readBlock(int set, long offset, int length) {
        MemorySegment memory = buffer;
        if (memory == null) {
            memory = Arena.ofAuto().allocate(BLOCK, BLOCK);
            buffer = memory;
        }
        io.prepare(Io.READ, offset, length, false);
        io.data().clear();
        io.data().add(memory, 0, length);
        int status = source(set, offset, length).submit(io);
        if (status != IoStatus.OK) {
            throw new AssertionError("a block that can be read could not be: status " + status);
        }
        return memory;
    }

    @Override
    public void judge(String name, BitSet wrong, BitSet unknown) {
        boolean sums = map.list().stream().anyMatch(record -> record.name().equals(name) && record.checksums());
        map.each(name, (block, count, set, offset) -> {
            for (int i = 0; sums && set >= 0 && i < count; i++) {
                long at = offset + (long) i * BLOCK;
                int known = map.checksumNoted(set, at) ? ChecksumArea.UNKNOWN : stored(set, at);
                if (known == ChecksumArea.UNKNOWN) {
                    unknown.set((int) block + i);
                } else if (known != computed(set, at)) {
                    wrong.set((int) block + i);
                }
            }
        });
    }

    private int stored(int set, long offset) {
        long at = map.checksumOffset(set, offset);
        return readBlock(set, at & -BLOCK, BLOCK).get(U32, at & (BLOCK - 1));
    }

    private int computed(int set, long offset) {
        CRC32C crc = new CRC32C();
        crc.update(readBlock(set, offset, BLOCK).asByteBuffer());
        return ChecksumArea.stored((int) crc.getValue());
    }

    @Override
    public void check() {
        String disagreement = map.disagreement();
        if (disagreement != null) {
            throw new AssertionError(disagreement);
        }
    }

    @Override
    public long usedClusters() {
        return map.usedClusters();
    }

    @Override
    public void close() {
        image.discard();
    }
}
