package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.store.State;
import io.vnvme.control.store.StateFile;
import io.vnvme.control.store.StateFileException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Desired state, in memory and in the file, which are the same whenever {@link #update} has returned. */
final class Registry {
    private static final Logger LOG = System.getLogger(Registry.class.getName());

    private final StateFile file;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile State state;

    Registry(StateFile file) {
        this.file = file;
        this.state = file.load();
    }

    State state() {
        return state;
    }

    /** Runs an operation that reads the state and changes it, alone. */
    <T> T exclusively(Supplier<T> operation) {
        lock.lock();
        try {
            return operation.get();
        } finally {
            lock.unlock();
        }
    }

    /** @throws ProblemException when it could not be saved: then nothing changed */
    void update(UnaryOperator<State> change) {
        lock.lock();
        try {
            State before = state;
            State after = change.apply(before);
            try {
                file.save(after);
            } catch (StateFileException e) {
                restore(before);
                throw new ProblemException(ProblemCode.STATE_UNWRITABLE, String.valueOf(e.getMessage()), e);
            }
            state = after;
        } finally {
            lock.unlock();
        }
    }

    /** A failure after the replacement leaves the new file: what was refused must not come back after a restart. */
    private void restore(State before) {
        try {
            if (!file.load().equals(before)) {
                file.save(before);
            }
        } catch (StateFileException e) {
            LOG.log(Level.ERROR, "state file may hold a change that was refused: {0}", e.getMessage());
        }
    }
}
