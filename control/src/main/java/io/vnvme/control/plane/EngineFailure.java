package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.drive.nvmetcp.RemoteException;
import io.vnvme.pool.PoolException;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** What the engine refuses, in the words of the API. */
final class EngineFailure {
    private EngineFailure() {}

    /** Runs an action of the engine. @throws ProblemException for what it refuses */
    static <T> T translated(Supplier<T> action) {
        try {
            return action.get();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? of(cause) : e;
        } catch (RuntimeException e) {
            throw of(e);
        }
    }

    static RuntimeException of(RuntimeException e) {
        if (e instanceof RemoteException unreachable) {
            return new ProblemException(
                    ProblemCode.TARGET_REFUSED, String.valueOf(unreachable.getMessage()), unreachable);
        }
        return e instanceof PoolException refused
                ? new ProblemException(code(refused.reason()), String.valueOf(refused.getMessage()), refused)
                : e;
    }

    private static ProblemCode code(PoolException.Reason reason) {
        return switch (reason) {
            case NO_SUCH_NAME -> ProblemCode.UNKNOWN_SNAPSHOT;
            case NAME_TAKEN -> ProblemCode.NAME_TAKEN;
            case BAD_NAME -> ProblemCode.BAD_NAME;
            case BAD_SIZE -> ProblemCode.BAD_SIZE;
            case IN_USE -> ProblemCode.POOL_IN_USE;
            case NO_SPACE -> ProblemCode.NO_SPACE;
            case NOT_EMPTY -> ProblemCode.TAIL_HOLDS_DATA;
            case UNSUITABLE -> ProblemCode.POOL_REFUSED;
            case DRIVE_MISSING -> ProblemCode.DRIVE_MISSING;
            case DAMAGED, DRIVE_FAILED, STOPPED, CANCELLED -> ProblemCode.POOL_UNAVAILABLE;
        };
    }
}
