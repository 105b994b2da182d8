package io.vnvme.control.vm;

/** A command that the monitor answered with an error; the message is QEMU's own. */
public final class QmpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String errorClass;

    QmpException(String errorClass, String description) {
        super(description);
        this.errorClass = errorClass;
    }

    /** QMP's error class: {@code GenericError}, {@code CommandNotFound}, {@code DeviceNotFound} ... */
    public String errorClass() {
        return errorClass;
    }

    /** QEMU's description. */
    public String description() {
        return String.valueOf(getMessage());
    }
}
