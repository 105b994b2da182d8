package io.vnvme.bench.demo;

/** The demo cannot do what it says; the message is for the person in front of it. */
final class DemoException extends RuntimeException {
    DemoException(String message) {
        super(message);
    }

    DemoException(String message, Throwable cause) {
        super(message, cause);
    }
}
