package io.vnvme.control.plane;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What a look at a drive showed.
 *
 * @param source where it is
 * @param exists false for a file that is not there yet
 * @param sizeBytes capacity in bytes
 * @param superblock who it is, when it has been claimed before
 * @param contents what claiming it by force would destroy, one line each
 * @param uses why it cannot be claimed, not even by force: what has it now
 */
public record DriveLook(
        DriveSource source,
        boolean exists,
        long sizeBytes,
        Optional<Identity> superblock,
        List<String> contents,
        List<String> uses) {
    /**
     * What a superblock says.
     *
     * @param drive identity of the drive
     * @param name what it was called
     * @param generation the higher, the newer is what it says
     * @param pool absent when the drive is in none
     */
    public record Identity(UUID drive, String name, long generation, Optional<PoolIdentity> pool) {}

    /** @param members identities of all its drives, with the set each belongs to */
    public record PoolIdentity(UUID id, String name, String layout, List<Member> members) {}

    public record Member(UUID drive, int set) {}
}
