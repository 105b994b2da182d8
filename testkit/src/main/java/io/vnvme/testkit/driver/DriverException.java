package io.vnvme.testkit.driver;

/** The device did not do what the driver waited for. */
public final class DriverException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DriverException(String message) {
        super(message);
    }
}
