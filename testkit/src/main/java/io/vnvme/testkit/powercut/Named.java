package io.vnvme.testkit.powercut;

/**
 * A volume or a snapshot in the model.
 *
 * @param sectors its size
 */
record Named(Content content, int sectors, boolean frozen) {
    long sizeBytes() {
        return (long) sectors * 512;
    }

    Named resized(int toSectors) {
        return new Named(content, toSectors, frozen);
    }
}
