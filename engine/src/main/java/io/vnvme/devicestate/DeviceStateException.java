package io.vnvme.devicestate;

import java.io.Serial;

/** A stream that cannot be taken up, and why: nothing was touched. */
public final class DeviceStateException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public DeviceStateException(String message) {
        super(message);
    }
}
