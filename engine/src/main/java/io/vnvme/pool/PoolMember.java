package io.vnvme.pool;

import io.vnvme.drive.Drive;
import io.vnvme.pool.format.MemberRecord;

/**
 * A drive of a pool, by itself.
 *
 * @param record who it is, and which place it has
 * @param driveName what the administrator calls it
 * @param driveBytes its size when it was claimed
 * @param drive leads to it alone, whatever set it is in
 */
public record PoolMember(MemberRecord record, String driveName, long driveBytes, Drive drive) {
    PoolMember withRecord(MemberRecord changed) {
        return new PoolMember(changed, driveName, driveBytes, drive);
    }
}
