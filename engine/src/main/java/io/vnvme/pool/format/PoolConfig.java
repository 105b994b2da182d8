package io.vnvme.pool.format;

import java.util.List;
import java.util.UUID;

/**
 * What a pool is made of.
 *
 * @param pool identity of the pool
 * @param name at most {@link Superblock#NAME_BYTES} bytes in UTF-8
 * @param journalBytes size of the journal area of each drive, a multiple of 64 KiB
 * @param sets by index; a set that was taken out has no clusters
 */
public record PoolConfig(
        UUID pool, String name, Layout layout, long journalBytes, List<SetRecord> sets, List<MemberRecord> members) {
    public static final int SETS_MAX = 32;
    public static final int MEMBERS_MAX = 32;

    public PoolConfig {
        sets = List.copyOf(sets);
        members = List.copyOf(members);
    }

    public PoolConfig withName(String newName) {
        return new PoolConfig(pool, newName, layout, journalBytes, sets, members);
    }

    public PoolConfig with(List<SetRecord> newSets, List<MemberRecord> newMembers) {
        return new PoolConfig(pool, name, layout, journalBytes, newSets, newMembers);
    }

    /** The members of a set, in the order of their replica index. */
    public List<MemberRecord> membersOf(int set) {
        return members.stream()
                .filter(member -> member.set() == set)
                .sorted((a, b) -> Integer.compare(a.replica(), b.replica()))
                .toList();
    }
}
