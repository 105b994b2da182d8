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
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.mirror.MirrorImage;
import io.vnvme.pool.mirror.ReplicaState;
import io.vnvme.testkit.sim.CutImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What the loader found after a power cut, read by its own map from the replicas that the pool would read. What is read of
 * them is what the images show at that moment: it may serve other cuts that leave the same metadata.
 */
final class FoundPool implements Recovered {
    private static final int BLOCK = 4096;
    private static final int BLOCK_SECTORS = 8;
    private static final int SECTOR = 512;

    /** Where the blocks of a volume or snapshot are, and whether it has checksums. */
    private static final class Places {
        final boolean sums;
        /** For each run: first block, number of blocks, set. */
        int[] runs = new int[24];

        long[] offsets = new long[8];
        int count;

        Places(boolean sums) {
            this.sums = sums;
        }

        void add(long block, int blocks, int set, long offset) {
            if (count == offsets.length) {
                runs = Arrays.copyOf(runs, 2 * runs.length);
                offsets = Arrays.copyOf(offsets, 2 * count);
            }
            runs[3 * count] = (int) block;
            runs[3 * count + 1] = blocks;
            runs[3 * count + 2] = set;
            offsets[count++] = offset;
        }

        int block(int run) {
            return runs[3 * run];
        }

        int blocks(int run) {
            return runs[3 * run + 1];
        }

        int set(int run) {
            return runs[3 * run + 2];
        }
    }

    private final PoolConfig config;
    private final ImageMap map;
    private final Map<String, Long> sizes = new TreeMap<>();
    private final Map<String, Places> places = new HashMap<>();
    private final @Nullable String disagreement;
    private final long usedClusters;
    /** For each set its drives that have all data, the one that counts first. */
    private final List<List<CutImage>> sets = new ArrayList<>();

    private final @Nullable AesXts cipher;
    private final Map<CutImage, KnownBlocks> blocks;
    private final Io io = new Io((_, _) -> {});
    private @Nullable MemorySegment buffer;
    private boolean known;

    /**
     * @param image is not needed any more
     * @param blocks what is known of the blocks of the images; it is added to
     */
    FoundPool(
            PoolScan scan,
            PoolImage image,
            List<CutImage> images,
            @Nullable AesXts cipher,
            Map<CutImage, KnownBlocks> blocks) {
        this.blocks = blocks;
        this.cipher = cipher;
        config = image.config();
        map = new ImageMap(image);
        for (LayerRecord record : map.list()) {
            sizes.put(record.name(), record.sizeBytes());
            Places its = new Places(record.checksums());
            map.each(record.name(), its::add);
            places.put(record.name(), its);
        }
        disagreement = map.disagreement();
        usedClusters = map.usedClusters();
        for (int set = 0; set < config.sets().size(); set++) {
            MirrorImage mirror = scan.mirrors().get(set);
            List<MemberRecord> members = config.membersOf(set);
            List<CutImage> current = new ArrayList<>();
            for (int slot = 0; slot < members.size(); slot++) {
                if (mirror == null || mirror.present(slot) && mirror.state(slot) == ReplicaState.CURRENT) {
                    current.add(images.get(PoolStore.index(members.get(slot).drive())));
                }
            }
            sets.add(current);
        }
    }

    PoolConfig config() {
        return config;
    }

    @Override
    public boolean known() {
        return known;
    }

    /** Serves another cut. */
    FoundPool again() {
        known = true;
        return this;
    }

    @Override
    public Map<String, Long> sizes() {
        return sizes;
    }

    private Places places(String name) {
        Places its = places.get(name);
        if (its == null) {
            throw new IllegalArgumentException(name);
        }
        return its;
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
        Places its = places(name);
        for (int run = 0; run < its.count; run++) {
            int block = its.block(run);
            int blocks = its.blocks(run);
            long offset = its.offsets[run];
            int first = block * BLOCK_SECTORS;
            if (its.set(run) < 0) {
                Arrays.fill(stamps, first, first + blocks * BLOCK_SECTORS, 0);
            } else if (cipher == null) {
                source(its.set(run), offset, (long) blocks * BLOCK)
                        .stamps(offset, stamps, first, blocks * BLOCK_SECTORS);
            } else {
                for (int i = 0; i < blocks; i++) {
                    decrypt(cipher, block + i, its.set(run), offset + (long) i * BLOCK, stamps);
                }
            }
        }
    }

    private void decrypt(AesXts with, long block, int set, long offset, long[] stamps) {
        CutImage image = source(set, offset, BLOCK);
        KnownBlocks known = known(image);
        int place = (int) (offset / BLOCK);
        int first = (int) block * BLOCK_SECTORS;
        known.look(image, place);
        if (known.stamps(place, block, stamps, first)) {
            return;
        }
        MemorySegment data = readBlock(image, offset);
        with.decrypt(data, 0, data, 0, BLOCK, block);
        for (int i = 0; i < BLOCK_SECTORS; i++) {
            stamps[first + i] = data.get(ValueLayout.JAVA_LONG, (long) i * SECTOR);
        }
        known.keepStamps(place, block, stamps, first);
    }

    private KnownBlocks known(CutImage image) {
        return blocks.computeIfAbsent(image, its -> new KnownBlocks(its.sizeBytes()));
    }

    private MemorySegment readBlock(CutImage image, long offset) {
        MemorySegment memory = buffer;
        if (memory == null) {
            memory = Arena.ofAuto().allocate(BLOCK, BLOCK);
            buffer = memory;
        }
        io.prepare(Io.READ, offset, BLOCK, false);
        io.data().clear();
        io.data().add(memory, 0, BLOCK);
        int status = image.submit(io);
        if (status != IoStatus.OK) {
            throw new AssertionError("a block that can be read could not be: status " + status);
        }
        return memory;
    }

    @Override
    public void judge(String name, BitSet wrong, BitSet unknown) {
        Places its = places(name);
        for (int run = 0; its.sums && run < its.count; run++) {
            int set = its.set(run);
            for (int i = 0; set >= 0 && i < its.blocks(run); i++) {
                long at = its.offsets[run] + (long) i * BLOCK;
                int sum = map.checksumNoted(set, at) ? ChecksumArea.UNKNOWN : stored(set, at);
                if (sum == ChecksumArea.UNKNOWN) {
                    unknown.set(its.block(run) + i);
                } else if (sum != computed(set, at)) {
                    wrong.set(its.block(run) + i);
                }
            }
        }
    }

    private int stored(int set, long offset) {
        long at = map.checksumOffset(set, offset);
        return source(set, at & -BLOCK, BLOCK).word(at);
    }

    private int computed(int set, long offset) {
        CutImage image = source(set, offset, BLOCK);
        KnownBlocks known = known(image);
        int place = (int) (offset / BLOCK);
        known.look(image, place);
        if (!known.summed(place)) {
            CRC32C crc = new CRC32C();
            crc.update(readBlock(image, offset).asByteBuffer());
            known.keepSum(place, ChecksumArea.stored((int) crc.getValue()));
        }
        return known.sum(place);
    }

    @Override
    public void check() {
        if (disagreement != null) {
            throw new AssertionError(disagreement);
        }
    }

    @Override
    public long usedClusters() {
        return usedClusters;
    }
}
