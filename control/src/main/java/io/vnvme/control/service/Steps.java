package io.vnvme.control.service;

import io.vnvme.control.model.StepInfo;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * An operation as named steps. Closed before {@link #done}, it undoes, in reverse order, the steps that succeeded.
 *
 * <pre>{@code
 * try (Steps steps = new Steps("create d1")) {
 *     steps.run("folder", () -> make(folder), () -> delete(folder));
 *     ...
 *     steps.done();
 * }
 * }</pre>
 */
final class Steps implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Steps.class.getName());

    private record Undo(String name, Runnable action) {}

    private final String operation;
    private final long startNs = System.nanoTime();
    private final List<StepInfo> taken = new ArrayList<>();
    private final Deque<Undo> undos = new ArrayDeque<>();
    private final Deque<Runnable> closers = new ArrayDeque<>();
    private boolean done;

    Steps(String operation) {
        this.operation = operation;
    }

    /** A step with a result; {@code undo} is for when a later one fails. */
    <T> T get(String name, Supplier<T> action, Runnable undo) {
        long fromNs = System.nanoTime();
        T result = action.get();
        undos.push(new Undo(name, undo));
        taken.add(new StepInfo(name, (System.nanoTime() - fromNs) / 1000));
        return result;
    }

    void run(String name, Runnable action, Runnable undo) {
        get(
                name,
                () -> {
                    action.run();
                    return name;
                },
                undo);
    }

    /** A step that opens what the operation and its undoing need; {@code close} is run at the end, however it ends. */
    <T> T open(String name, Supplier<T> action, Consumer<T> close) {
        T opened = get(name, action, () -> {});
        closers.push(() -> close.accept(opened));
        return opened;
    }

    /** A step that changes nothing, or that cannot and need not be undone. */
    void run(String name, Runnable action) {
        run(name, action, () -> {});
    }

    /** Everything happened: nothing is undone any more. */
    void done() {
        done = true;
    }

    List<StepInfo> taken() {
        return List.copyOf(taken);
    }

    /** Since the operation began, in microseconds. */
    long micros() {
        return (System.nanoTime() - startNs) / 1000;
    }

    /** Undoes something that failed for a reason that matters more than whether this fails too. */
    static void undo(String operation, String name, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "%s: undoing '%s' failed".formatted(operation, name), e);
        }
    }

    /** Does what is not needed for what has happened already to be right, and may fail. */
    static void attempt(String what, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "%s failed".formatted(what), e);
        }
    }

    @Override
    public void close() {
        while (!done && !undos.isEmpty()) {
            Undo undo = undos.pop();
            undo(operation, undo.name(), undo.action());
        }
        while (!closers.isEmpty()) {
            closers.pop().run();
        }
    }
}
