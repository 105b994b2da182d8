package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Failures of the host or the engine, said to the person who asked. */
final class HostFailure {
    private HostFailure() {}

    /**
     * Runs an action and names what failed.
     *
     * @param what could not be done, as the beginning of a line
     */
    static <T> T shown(String what, Supplier<T> action) {
        try {
            return action.get();
        } catch (ProblemException | CancellationException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new ProblemException(ProblemCode.HOST_REFUSED, "%s: %s".formatted(what, cause(e).getMessage()), e);
        }
    }

    static void shown(String what, Runnable action) {
        shown(what, () -> {
            action.run();
            return what;
        });
    }

    private static Throwable cause(Throwable e) {
        Throwable cause = e.getCause();
        return e instanceof CompletionException && cause != null ? cause : e;
    }
}
