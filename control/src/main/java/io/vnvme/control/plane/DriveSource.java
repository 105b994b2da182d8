package io.vnvme.control.plane;

import java.nio.file.Path;

/**
 * Where a drive is.
 *
 * @param kind {@link #RAM}, {@link #FILE} or {@link #BLOCK}
 * @param path of the file or device; empty for RAM
 * @param sizeBytes of RAM, or of a file to be made; 0 otherwise
 */
public record DriveSource(String kind, String path, long sizeBytes) {
    public static final String RAM = "ram";
    public static final String FILE = "file";
    public static final String BLOCK = "block";

    public static DriveSource ram(long sizeBytes) {
        return new DriveSource(RAM, "", sizeBytes);
    }

    public static DriveSource file(Path path, long sizeBytes) {
        return new DriveSource(FILE, path.toString(), sizeBytes);
    }

    public static DriveSource block(Path path) {
        return new DriveSource(BLOCK, path.toString(), 0);
    }

    public boolean isRam() {
        return kind.equals(RAM);
    }
}
