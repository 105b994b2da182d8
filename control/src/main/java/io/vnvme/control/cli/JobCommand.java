package io.vnvme.control.cli;

import io.vnvme.control.model.JobInfo;
import picocli.CommandLine.Option;

/** A command that starts a job and follows it to its end. */
abstract class JobCommand extends ClientCommand {
    @Option(names = "--background", description = "do not wait: say the number of the job")
    private boolean background;

    /** Asks for the job. @return the reply of the API */
    abstract String start(ApiClient client);

    /** Does something else, if that was asked for. @return whether it was */
    protected boolean instead(ApiClient client) {
        return false;
    }

    @Override
    protected final void run(ApiClient client) {
        if (instead(client)) {
            return;
        }
        String reply = start(client);
        JobInfo job = client.read(reply, JobInfo.class);
        if (background) {
            print(json() ? reply : "job %d: %s of %s".formatted(job.id(), job.kind(), job.subject()));
            return;
        }
        JobFollower.follow(this, client, job.id());
    }
}
