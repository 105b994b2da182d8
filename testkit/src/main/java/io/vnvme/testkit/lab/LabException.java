package io.vnvme.testkit.lab;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** The lab could not do what was asked: a part is missing, a guest did not answer in time, QEMU refused or ended. */
public final class LabException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public LabException(String message) {
        super(message);
    }

    public LabException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
