package io.vnvme.control.plane;

import java.nio.file.Path;

/**
 * Where a drive is.
 *
 * @param kind {@link #RAM}, {@link #NULL}, {@link #FILE}, {@link #BLOCK} or {@link #REMOTE}
 * @param path of the file or device, or the address of what is remote ({@link RemoteAddress}); empty for what is in memory
 * @param sizeBytes of what is in memory, or of a file to be made; 0 otherwise
 */
public record DriveSource(String kind, String path, long sizeBytes) {
    public static final String RAM = "ram";
    /** Keeps a pool's own data, and nothing of its volumes': they read zeros. */
    public static final String NULL = "null";

    public static final String FILE = "file";
    public static final String BLOCK = "block";
    public static final String REMOTE = "nvme-tcp";

    public static DriveSource ram(long sizeBytes) {
        return new DriveSource(RAM, "", sizeBytes);
    }

    public static DriveSource none(long sizeBytes) {
        return new DriveSource(NULL, "", sizeBytes);
    }

    public static DriveSource file(Path path, long sizeBytes) {
        return new DriveSource(FILE, path.toString(), sizeBytes);
    }

    public static DriveSource block(Path path) {
        return new DriveSource(BLOCK, path.toString(), 0);
    }

    public static DriveSource remote(RemoteAddress address) {
        return new DriveSource(REMOTE, address.text(), 0);
    }

    public boolean isRemote() {
        return kind.equals(REMOTE);
    }

    public boolean inMemory() {
        return kind.equals(RAM) || kind.equals(NULL);
    }
}
