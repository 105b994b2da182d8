package io.vnvme.bench.demo;

import io.vnvme.bench.report.Step;
import java.util.ArrayList;
import java.util.List;

/** Runs the demo's steps one after the other, times each, and remembers what came of it. */
final class Steps {
    private static final double NS_PER_S = 1e9;

    private final Progress progress;
    private final List<Step> done = new ArrayList<>();

    Steps(Progress progress) {
        this.progress = progress;
    }

    /**
     * What a step leaves.
     *
     * @param detail one line that says what came of it
     */
    record Done<T>(T value, boolean ok, String detail) {
        /** The step did what it says. */
        static <T> Done<T> of(T value, String detail) {
            return new Done<>(value, true, detail);
        }
    }

    /** The work of one step. */
    interface Work<T> {
        Done<T> run() throws Exception;
    }

    /**
     * Runs one step.
     *
     * @throws DemoException when it fails: the message names the step and the reason
     */
    <T> T run(String name, Work<T> work) throws InterruptedException {
        progress.begin(name);
        long begin = System.nanoTime();
        try {
            Done<T> outcome = work.run();
            end(new Step(name, secondsSince(begin), outcome.ok(), outcome.detail()));
            return outcome.value();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception | LinkageError e) {
            String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            end(new Step(
                    name, secondsSince(begin), false, reason.lines().findFirst().orElse("")));
            throw new DemoException("step \"" + name + "\" failed: " + reason, e);
        }
    }

    private void end(Step step) {
        done.add(step);
        progress.end(step);
    }

    private static double secondsSince(long beginNs) {
        return (System.nanoTime() - beginNs) / NS_PER_S;
    }

    /** Whether every step did what it says. */
    boolean allOk() {
        return done.stream().allMatch(Step::ok);
    }

    List<Step> all() {
        return List.copyOf(done);
    }
}
