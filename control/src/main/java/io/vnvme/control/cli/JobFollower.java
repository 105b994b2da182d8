package io.vnvme.control.cli;

import io.vnvme.control.model.JobInfo;
import java.util.Locale;

/** Shows how far a job is: one line that changes on a terminal, a line now and then elsewhere. */
final class JobFollower {
    private static final int LOOK_MS = 250;
    private static final int LOOK_ELSEWHERE_MS = 5000;
    private static final int BAR_WIDTH = 24;

    private JobFollower() {}

    /** @throws CliException when it did not end well */
    static void follow(ClientCommand command, ApiClient client, long id) {
        boolean terminal = Terminal.isTerminal() && !command.json();
        String path = "/api/v1/jobs/%d?waitMs=%d".formatted(id, terminal ? LOOK_MS : LOOK_ELSEWHERE_MS);
        int lineLength = 0;
        while (true) {
            String reply = client.get(path);
            JobInfo job = client.read(reply, JobInfo.class);
            if (!job.state().equals("running")) {
                if (lineLength > 0) {
                    command.printRaw("\r" + " ".repeat(lineLength) + "\r");
                }
                ended(command, reply, job);
                return;
            }
            String line = line(job, terminal);
            if (terminal) {
                command.printRaw("\r" + line + " ".repeat(Math.max(0, lineLength - line.length())));
                lineLength = line.length();
            } else if (!command.json()) {
                command.print(line);
            }
        }
    }

    private static void ended(ClientCommand command, String reply, JobInfo job) {
        if (command.json()) {
            command.print(reply);
        }
        String result = String.valueOf(job.result());
        switch (job.state()) {
            case "done" -> {
                if (!command.json()) {
                    command.print(result);
                }
            }
            case "cancelled" ->
                throw new CliException(
                        "job %d, %s of %s, was cancelled".formatted(job.id(), job.kind(), job.subject()));
            case "interrupted" ->
                throw new CliException(
                        "job %d, %s of %s, is interrupted, since the daemon ended: it goes on when its pool is open"
                                .formatted(job.id(), job.kind(), job.subject()));
            default -> throw new CliException(result);
        }
    }

    static String line(JobInfo job, boolean bar) {
        StringBuilder line = new StringBuilder();
        line.append(job.kind()).append(' ').append(job.subject()).append("  ");
        if (job.totalBytes() <= 0) {
            return line.append(job.step() == null ? "preparing" : job.step()).toString();
        }
        if (bar) {
            int filled = (int) Math.round(job.progress() * BAR_WIDTH);
            line.append('[').repeat('#', filled).repeat('.', BAR_WIDTH - filled).append("] ");
        }
        return line.append("%d %%, %s of %s, %s/s"
                        .formatted(
                                (int) (job.progress() * 100),
                                rough(job.doneBytes()),
                                rough(job.totalBytes()),
                                rough(job.bytesPerSecond())))
                .append(job.step() == null ? "" : ", " + job.step())
                .toString();
    }

    /** A size whose length does not jump. */
    static String rough(long bytes) {
        return bytes < 1 << 20
                ? "%d KiB".formatted(bytes >> 10)
                : bytes < 1L << 30
                        ? "%d MiB".formatted(bytes >> 20)
                        : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }
}
