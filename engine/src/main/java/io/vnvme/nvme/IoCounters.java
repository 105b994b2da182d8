package io.vnvme.nvme;

/** Commands and bytes, counted by one reactor with plain stores and read by anyone, a moment old. */
public final class IoCounters {
    private long readCommands;
    private long readBytes;
    private long writeCommands;
    private long writeBytes;
    private long errors;
    private long mediaErrors;

    void read(long bytes) {
        readCommands++;
        readBytes += bytes;
    }

    void wrote(long bytes) {
        writeCommands++;
        writeBytes += bytes;
    }

    void error() {
        errors++;
    }

    void mediaError() {
        mediaErrors++;
    }

    public long readCommands() {
        return readCommands;
    }

    public long readBytes() {
        return readBytes;
    }

    public long writeCommands() {
        return writeCommands;
    }

    public long writeBytes() {
        return writeBytes;
    }

    /** Commands that ended with an error of any kind. */
    public long errors() {
        return errors;
    }

    /** Commands that ended with a media or data integrity error. */
    public long mediaErrors() {
        return mediaErrors;
    }
}
