package io.vnvme.control.cli;

import io.vnvme.control.model.JobInfo;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "jobs",
        description = "List long work, follow or cancel it.",
        subcommands = {JobsCommand.Show.class, JobsCommand.Follow.class, JobsCommand.Cancel.class})
final class JobsCommand extends WatchableCommand {
    @Override
    String page(ApiClient client, int width) {
        String reply = client.get("/api/v1/jobs");
        if (json()) {
            return reply;
        }
        List<JobInfo> jobs = client.readList(reply, JobInfo.class);
        if (jobs.isEmpty()) {
            return "no jobs";
        }
        Table table = new Table("JOB", "KIND", "SUBJECT", "STATE", "DONE", "SINCE", "RESULT");
        for (JobInfo job : jobs) {
            String result = job.result();
            table.row(
                    String.valueOf(job.id()),
                    job.kind(),
                    job.subject(),
                    job.state(),
                    (int) (job.progress() * 100) + " %",
                    job.startedAt(),
                    result == null ? "-" : result);
        }
        return table.page(width);
    }

    @Command(name = "show", description = "Show a job, also one that has ended.")
    static final class Show extends ClientCommand {
        @Parameters(paramLabel = "JOB", description = "its number")
        private long id;

        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/jobs/" + id);
            if (json()) {
                print(reply);
                return;
            }
            JobInfo job = client.read(reply, JobInfo.class);
            print("job         %d: %s of %s".formatted(job.id(), job.kind(), job.subject()));
            print("state       " + job.state());
            String result = job.result();
            if (result != null) {
                print("result      " + result);
            }
            print("done        %s of %s, %s/s"
                    .formatted(
                            JobFollower.rough(job.doneBytes()),
                            JobFollower.rough(job.totalBytes()),
                            JobFollower.rough(job.bytesPerSecond())));
            print("began       %s, by %s".formatted(job.startedAt(), job.startedBy()));
            if (job.resumedAt() != null) {
                print("went on     %s, after a restart of the daemon".formatted(job.resumedAt()));
            }
            if (job.endedAt() != null) {
                print("ended       " + job.endedAt());
            }
        }
    }

    @Command(name = "follow", description = "Show how far a job is until it ends.")
    static final class Follow extends ClientCommand {
        @Parameters(paramLabel = "JOB", description = "its number")
        private long id;

        @Override
        protected void run(ApiClient client) {
            JobFollower.follow(this, client, id);
        }
    }

    @Command(name = "cancel", description = "Stop a job; it leaves nothing behind.")
    static final class Cancel extends ClientCommand {
        @Parameters(paramLabel = "JOB", description = "its number")
        private long id;

        @Override
        protected void run(ApiClient client) {
            String reply = client.delete("/api/v1/jobs/" + id);
            JobInfo job = client.read(reply, JobInfo.class);
            print(json() ? reply : "job %d, %s of %s, is told to stop".formatted(id, job.kind(), job.subject()));
        }
    }
}
