package io.vnvme.testkit.driver;

/**
 * A submission queue and its completion queue, and commands waited for one by one.
 *
 * @param driver whose it is
 */
public record QueuePair(NvmeDriver driver, SubmissionQueue submissions, CompletionQueue completions) {
    public int id() {
        return submissions.id();
    }

    /** Starts a command. Returns its identifier, for {@link #await}. */
    public int start(Command command) {
        int cid = submissions.submit(command);
        submissions.ring();
        return cid;
    }

    /** Waits for a command that was started. */
    public Completion await(int cid) {
        return driver.await(submissions, cid);
    }

    /** Does a command. */
    public Completion execute(Command command) {
        return await(start(command));
    }

    /** Does a command with data, and gives its lists back. */
    public Completion execute(Command command, DataPointer data) {
        try (data) {
            return execute(command.data(data));
        }
    }
}
