package io.vnvme.control.plane;

/**
 * An open drive.
 *
 * @param path where it was found
 * @param sizeBytes capacity in bytes
 * @param blockSizeBytes logical block size in bytes
 */
public record DriveFacts(String path, long sizeBytes, int blockSizeBytes) {}
