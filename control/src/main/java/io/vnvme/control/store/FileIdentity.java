package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;

/**
 * What tells that a file is the one that it was, unchanged.
 *
 * @param device number of the file system
 * @param inode its number there
 * @param sizeBytes its length
 * @param modifiedNs since 1970, when its content was last changed
 * @param bornNs since 1970, when it was made: a number of a file that was deleted is soon another one's; 0: not known
 */
@Json
public record FileIdentity(long device, long inode, long sizeBytes, long modifiedNs, long bornNs) {
    private static final long NS_A_SECOND = 1_000_000_000;

    /** @throws IOException when it cannot be looked at */
    public static FileIdentity of(Path file, LinkOption... links) throws IOException {
        Map<String, Object> found =
                Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,creationTime", links);
        long modifiedNs = time(found, "lastModifiedTime");
        long bornNs = time(found, "creationTime");
        return new FileIdentity(
                number(found, "dev"),
                number(found, "ino"),
                number(found, "size"),
                modifiedNs,
                // Where the file system does not know, the time of the last change is given instead.
                bornNs == modifiedNs ? 0 : bornNs);
    }

    private static long time(Map<String, Object> found, String name) throws IOException {
        if (found.get(name) instanceof FileTime time) {
            Instant moment = time.toInstant();
            return moment.getEpochSecond() * NS_A_SECOND + moment.getNano();
        }
        throw new IOException("the file system does not say the %s of a file".formatted(name));
    }

    private static long number(Map<String, Object> found, String name) throws IOException {
        if (found.get(name) instanceof Number number) {
            return number.longValue();
        }
        throw new IOException("the file system does not say the %s of a file".formatted(name));
    }

    /** Whether it is the same file, whatever it holds by now. */
    public boolean sameFile(FileIdentity other) {
        return device == other.device && inode == other.inode && bornAs(other);
    }

    private boolean bornAs(FileIdentity other) {
        return bornNs == other.bornNs || bornNs == 0 || other.bornNs == 0;
    }

    /** Whether it is the same file, and its content was not changed. */
    public boolean unchanged(FileIdentity before) {
        return sameFile(before) && sizeBytes == before.sizeBytes && modifiedNs == before.modifiedNs;
    }
}
