package io.vnvme.testkit.sim;

/** Is told what a drive was asked and what ended. */
@FunctionalInterface
public interface DriveListener {
    /**
     * @param what a word for it
     * @param offsetBytes where, 0 for a flush
     * @param lengthBytes how much, 0 for a flush
     */
    void event(PowerCutDrive drive, String what, long offsetBytes, long lengthBytes);

    /** Nobody listens. */
    DriveListener NOBODY = (drive, what, offsetBytes, lengthBytes) -> {};
}
