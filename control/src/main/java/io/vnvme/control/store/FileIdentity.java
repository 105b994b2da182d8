package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/**
 * What tells that a file is the one that it was, unchanged.
 *
 * @param device number of the file system
 * @param inode its number there
 * @param sizeBytes its length
 * @param modifiedNs since 1970, when its content was last changed
 */
@Json
public record FileIdentity(long device, long inode, long sizeBytes, long modifiedNs) {
    private static final long NS_A_SECOND = 1_000_000_000;

    /** @throws IOException when it cannot be looked at */
    public static FileIdentity of(Path file, LinkOption... links) throws IOException {
        Map<String, Object> found = Files.readAttributes(file, "unix:dev,ino,size", links);
        Instant modified = Files.getLastModifiedTime(file, links).toInstant();
        return new FileIdentity(
                number(found, "dev"),
                number(found, "ino"),
                number(found, "size"),
                modified.getEpochSecond() * NS_A_SECOND + modified.getNano());
    }

    private static long number(Map<String, Object> found, String name) throws IOException {
        if (found.get(name) instanceof Number number) {
            return number.longValue();
        }
        throw new IOException("the file system does not say the %s of a file".formatted(name));
    }

    /** Whether it is the same file, whatever it holds by now. */
    public boolean sameFile(FileIdentity other) {
        return device == other.device && inode == other.inode;
    }
}
