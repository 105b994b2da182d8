package io.vnvme.drive;

/** How a unit of work ended. */
public final class IoStatus {
    /** Not ended: {@link Io#complete} will be called, on the same reactor, after {@code submit} has returned. */
    public static final int PENDING = -1;

    public static final int OK = 0;
    /** The media could not be read. */
    public static final int READ_ERROR = 1;
    /** The media could not be written. */
    public static final int WRITE_ERROR = 2;
    /** There is no space left to put the data. */
    public static final int NO_SPACE = 3;
    /** The drive is not there at the moment. */
    public static final int GONE = 4;
    /** The drive does not do this operation. */
    public static final int UNSUPPORTED = 5;

    private IoStatus() {}
}
