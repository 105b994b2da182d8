package io.vnvme.pool.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The first and the last block of a claimed drive: who it is, which pool it belongs to, and where the pool's metadata
 * begins. Numbers are little endian.
 *
 * <pre>
 *    0 u64 magic "vNVMePl1"      8 u32 CRC32C of the block, with 0 here and in its copies
 *   12 u16 version, u16 minor version
 *   16 u64 features without which the pool cannot be read      24 u64 ... cannot be written      32 u64 ... may be ignored
 *   40 u64 generation: the valid superblock with the highest one counts
 *   48 drive UUID                 64 pool UUID, 0 for a drive without a pool
 *   80 pool name, 64 bytes       144 drive name, 64 bytes       208 u64 size of the drive
 *  256 root: u64 epoch, u16 journal set, u8 layout, u8 clean, u32 0, u64 journal size, u64 0,
 *      288 u64 journal start, u64 journal sequence, u64 catalog length, u32 catalog CRC32C, u32 catalog clusters,
 *      320 u16 sets, u16 members
 *  512 sets, 32 bytes each: u32 first cluster, u32 clusters, u64 data offset, u8 draining
 * 1536 members, 32 bytes each: drive UUID, u16 set, u16 replica, u8 state
 * 2560 catalog clusters, u32 each, 127 in each 512 bytes
 *  508 and so on every 512 bytes behind: the CRC32C once more
 * </pre>
 *
 * A copy of the CRC is in every sector because drives write sectors. What two writes left of themselves, each cut off in the
 * middle, could else be put together to a superblock that was never written whole, and whose catalog is gone.
 *
 * @param generation counts the superblocks written
 * @param drive identity of the drive
 * @param driveName what the administrator called it, at most {@link #NAME_BYTES} bytes in UTF-8
 * @param driveBytes its size when it was claimed
 * @param pool absent for a drive that is claimed and in no pool
 */
public record Superblock(long generation, UUID drive, String driveName, long driveBytes, Optional<InPool> pool) {
    /** What a pool is made of, and where its metadata begins. */
    public record InPool(PoolConfig config, Root root) {}

    public static final int SIZE = Geometry.BLOCK_BYTES;
    public static final int NAME_BYTES = 64;
    /** "vNVMePl1" read as a little endian number. */
    public static final long MAGIC = 0x316c50654d564e76L;

    public static final int VERSION = 1;
    /** Features without which a pool cannot be read, that this version knows: none yet. */
    private static final long KNOWN_FEATURES = 0;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int CRC = 8;
    private static final int ROOT = 256;
    private static final int SETS = 512;
    private static final int MEMBERS = 1536;
    private static final int CATALOG = 2560;
    private static final int SECTOR = 512;
    private static final int SECTOR_CRC = SECTOR - 4;
    private static final int CLUSTERS_PER_SECTOR = SECTOR_CRC / 4;
    private static final UUID NONE = new UUID(0, 0);

    /** True when the block begins as a superblock does, whatever state it is in. */
    public static boolean recognized(MemorySegment block) {
        return block.get(U64, 0) == MAGIC;
    }

    /** Writes the superblock into a block of {@link #SIZE} bytes. */
    public void encode(MemorySegment block) {
        block.asSlice(0, SIZE).fill((byte) 0);
        block.set(U64, 0, MAGIC);
        block.set(U16, 12, (short) VERSION);
        block.set(U64, 40, generation);
        putUuid(block, 48, drive);
        putName(block, 144, driveName);
        block.set(U64, 208, driveBytes);
        pool.ifPresent(inPool -> encode(block, inPool.config(), inPool.root()));
        int checksum = Checksum.of(block, 0, SIZE);
        block.set(U32, CRC, checksum);
        for (int sector = SECTOR; sector < SIZE; sector += SECTOR) {
            block.set(U32, sector + SECTOR_CRC, checksum);
        }
    }

    private static boolean intact(MemorySegment block) {
        int stored = block.get(U32, CRC);
        MemorySegment copy = MemorySegment.ofArray(block.asSlice(0, SIZE).toArray(JAVA_BYTE));
        copy.set(U32, CRC, 0);
        for (int sector = SECTOR; sector < SIZE; sector += SECTOR) {
            if (block.get(U32, sector + SECTOR_CRC) != stored) {
                return false;
            }
            copy.set(U32, sector + SECTOR_CRC, 0);
        }
        return Checksum.of(copy, 0, SIZE) == stored;
    }

    private static long catalogPlace(int index) {
        return CATALOG + (long) (index / CLUSTERS_PER_SECTOR) * SECTOR + index % CLUSTERS_PER_SECTOR * 4L;
    }

    private static void encode(MemorySegment block, PoolConfig config, Root root) {
        putUuid(block, 64, config.pool());
        putName(block, 80, config.name());
        block.set(U64, ROOT, root.epoch());
        block.set(U16, ROOT + 8, (short) root.journalSet());
        block.set(JAVA_BYTE, ROOT + 10, (byte) config.layout().code());
        block.set(JAVA_BYTE, ROOT + 11, (byte) (root.clean() ? 1 : 0));
        block.set(U64, ROOT + 16, config.journalBytes());
        block.set(U64, ROOT + 32, root.journalStart());
        block.set(U64, ROOT + 40, root.journalSequence());
        block.set(U64, ROOT + 48, root.catalogBytes());
        block.set(U32, ROOT + 56, root.catalogChecksum());
        block.set(U32, ROOT + 60, root.catalogClusters().length);
        block.set(U16, ROOT + 64, (short) config.sets().size());
        block.set(U16, ROOT + 66, (short) config.members().size());
        for (int i = 0; i < config.sets().size(); i++) {
            SetRecord set = config.sets().get(i);
            long at = SETS + (long) i * SetRecord.SIZE;
            block.set(U32, at, (int) set.firstCluster());
            block.set(U32, at + 4, (int) set.clusterCount());
            block.set(U64, at + 8, set.dataOffsetBytes());
            block.set(JAVA_BYTE, at + 16, (byte) (set.draining() ? 1 : 0));
        }
        for (int i = 0; i < config.members().size(); i++) {
            MemberRecord member = config.members().get(i);
            long at = MEMBERS + (long) i * MemberRecord.SIZE;
            putUuid(block, at, member.drive());
            block.set(U16, at + 16, (short) member.set());
            block.set(U16, at + 18, (short) member.replica());
            block.set(JAVA_BYTE, at + 20, (byte) member.state().code());
        }
        for (int i = 0; i < root.catalogClusters().length; i++) {
            block.set(U32, catalogPlace(i), root.catalogClusters()[i]);
        }
    }

    /**
     * Reads a superblock.
     *
     * @throws FormatException when it is none, is damaged, or is of a newer kind than this version knows
     */
    public static Superblock decode(MemorySegment block) {
        if (!recognized(block)) {
            throw new FormatException("there is no superblock");
        }
        if (!intact(block)) {
            throw new FormatException("the superblock is damaged: its checksum does not match");
        }
        int version = block.get(U16, 12);
        long unknown = block.get(U64, 16) & ~KNOWN_FEATURES;
        long unwritable = block.get(U64, 24) & ~KNOWN_FEATURES;
        if (version != VERSION || unknown != 0 || unwritable != 0) {
            throw new FormatException("the pool's format is version %d with features %x: this program knows version %d"
                    .formatted(version, unknown | unwritable, VERSION));
        }
        UUID poolId = uuid(block, 64);
        long driveBytes = block.get(U64, 208);
        require(driveBytes >= 2 * SIZE, "size of the drive");
        return new Superblock(
                block.get(U64, 40),
                uuid(block, 48),
                name(block, 144),
                driveBytes,
                poolId.equals(NONE) ? Optional.empty() : Optional.of(inPool(block, poolId)));
    }

    private static InPool inPool(MemorySegment block, UUID poolId) {
        int catalogClusters = block.get(U32, ROOT + 60);
        int setCount = block.get(U16, ROOT + 64);
        int memberCount = block.get(U16, ROOT + 66);
        int layout = block.get(JAVA_BYTE, ROOT + 10);
        require(catalogClusters >= 0 && catalogClusters <= Root.CATALOG_CLUSTERS_MAX, "catalog clusters");
        require(setCount >= 1 && setCount <= PoolConfig.SETS_MAX, "number of sets");
        require(memberCount >= 1 && memberCount <= PoolConfig.MEMBERS_MAX, "number of drives");
        int[] catalog = new int[catalogClusters];
        for (int i = 0; i < catalogClusters; i++) {
            catalog[i] = block.get(U32, catalogPlace(i));
        }
        long catalogBytes = block.get(U64, ROOT + 48);
        require(
                catalogBytes > 0
                        && (catalogBytes + Geometry.CLUSTER_BYTES - 1) >>> Geometry.CLUSTER_SHIFT == catalogClusters,
                "length of the catalog");
        long journalBytes = block.get(U64, ROOT + 16);
        require(
                journalBytes >= Geometry.JOURNAL_BYTES_MIN
                        && journalBytes <= Geometry.JOURNAL_BYTES_MAX
                        && journalBytes % Geometry.CLUSTER_BYTES == 0,
                "size of the journal");
        long journalStart = block.get(U64, ROOT + 32);
        require(journalStart >= 0 && journalStart % Geometry.BLOCK_BYTES == 0, "start of the journal");
        Root root = new Root(
                block.get(U64, ROOT),
                block.get(U16, ROOT + 8),
                journalStart,
                block.get(U64, ROOT + 40),
                block.get(JAVA_BYTE, ROOT + 11) != 0,
                catalogBytes,
                block.get(U32, ROOT + 56),
                catalog);
        require(root.journalSet() >= 0 && root.journalSet() < setCount, "journal set");
        PoolConfig config = new PoolConfig(
                poolId,
                name(block, 80),
                Layout.of(layout),
                journalBytes,
                sets(block, setCount, journalBytes),
                members(block, memberCount, setCount));
        require(config.sets().get(root.journalSet()).clusterCount() > 0, "journal set");
        return new InPool(config, root);
    }

    private static List<SetRecord> sets(MemorySegment block, int count, long journalBytes) {
        List<SetRecord> sets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long at = SETS + (long) i * SetRecord.SIZE;
            SetRecord set = new SetRecord(
                    Integer.toUnsignedLong(block.get(U32, at)),
                    Integer.toUnsignedLong(block.get(U32, at + 4)),
                    block.get(U64, at + 8),
                    block.get(JAVA_BYTE, at + 16) != 0);
            long end = set.firstCluster() + set.clusterCount();
            require(
                    end <= Geometry.CLUSTERS_MAX
                            && set.firstCluster() % (1 << Geometry.SET_ALIGNMENT_SHIFT) == 0
                            && (set.clusterCount() == 0
                                    || set.dataOffsetBytes() == Geometry.dataOffset(set.clusterCount(), journalBytes))
                            && sets.stream().noneMatch(other -> overlap(other, set)),
                    "set " + i);
            sets.add(set);
        }
        return sets;
    }

    private static boolean overlap(SetRecord a, SetRecord b) {
        return a.clusterCount() > 0
                && b.clusterCount() > 0
                && a.firstCluster() < b.firstCluster() + b.clusterCount()
                && b.firstCluster() < a.firstCluster() + a.clusterCount();
    }

    private static List<MemberRecord> members(MemorySegment block, int count, int setCount) {
        List<MemberRecord> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long at = MEMBERS + (long) i * MemberRecord.SIZE;
            int state = block.get(JAVA_BYTE, at + 20);
            int set = block.get(U16, at + 16);
            require(set >= 0 && set < setCount, "drive " + i);
            members.add(new MemberRecord(uuid(block, at), set, block.get(U16, at + 18), MemberRecord.State.of(state)));
        }
        return members;
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new FormatException("the superblock makes no sense: " + what);
        }
    }

    private static void putUuid(MemorySegment block, long at, UUID uuid) {
        block.set(U64, at, uuid.getMostSignificantBits());
        block.set(U64, at + 8, uuid.getLeastSignificantBits());
    }

    private static UUID uuid(MemorySegment block, long at) {
        return new UUID(block.get(U64, at), block.get(U64, at + 8));
    }

    private static void putName(MemorySegment block, long at, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > NAME_BYTES) {
            throw new IllegalArgumentException("name of %d bytes: at most %d".formatted(bytes.length, NAME_BYTES));
        }
        MemorySegment.copy(bytes, 0, block, JAVA_BYTE, at, bytes.length);
    }

    private static String name(MemorySegment block, long at) {
        byte[] bytes = block.asSlice(at, NAME_BYTES).toArray(JAVA_BYTE);
        int length = 0;
        while (length < NAME_BYTES && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
