package io.vnvme.handover;

import io.vnvme.os.NativeException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The processes that the holder starts: the daemon that serves, one that stands by to take its place, and in an upgrade its
 * successor. All decisions are taken by one thread, from one line of happenings.
 */
final class Daemons implements HolderServer.Listener {
    /** A daemon that lived for so long is replaced at once, one that did not later each time. */
    private static final long STEADY_NS = 2_000_000_000L;

    private static final long PAUSE_MS = 50;
    private static final long PAUSE_MAX_MS = 5000;
    private static final int DEATHS_COUNTED = 10;
    /** 128 and the number of SIGTERM: what Java says when that ended it. */
    private static final int TERMINATED = 143;

    /**
     * How long is waited.
     *
     * @param ready for a successor to stand by
     * @param end for the daemon to end then
     * @param serve for the successor to serve, before the one from before does
     * @param silence of a daemon that has said that it is at work
     */
    record Limits(Duration ready, Duration end, Duration serve, Duration silence) {
        static Limits usual() {
            return new Limits(
                    Duration.ofMinutes(2), Duration.ofSeconds(10), Duration.ofSeconds(5), HolderClient.silence());
        }
    }

    private sealed interface Happening {
        record Ended(Process process) implements Happening {}

        record Serving(long pid) implements Happening {}

        record Ready(long pid) implements Happening {}

        record Refused(long pid, String why) implements Happening {}

        record Leaves(long pid, HolderServer.Answer answer) implements Happening {}

        record Waits(long pid, Duration limit) implements Happening {}

        record Asked(long pid, HolderServer.Answer answer) implements Happening {}
    }

    private final List<String> command;
    private final boolean standsBy;
    private final Limits limits;
    private final LinkedBlockingQueue<Happening> line = new LinkedBlockingQueue<>();
    // Written by the one thread alone.
    private volatile @Nullable Process serving;
    private volatile @Nullable Process standby;
    private volatile @Nullable Successor successor;
    /** The one that stood by before an upgrade, until the successor serves. */
    private volatile @Nullable Process fallback;

    private volatile boolean ending;
    private volatile long pulsePid = -1;
    private volatile long pulseNs;
    private long servingSinceNs;
    private boolean served;
    private boolean onTrial;
    private long trialEndNs;
    private int deaths;

    Daemons(List<String> command, boolean standsBy) {
        this(command, standsBy, Limits.usual());
    }

    Daemons(List<String> command, boolean standsBy, Limits limits) {
        this.command = command;
        this.standsBy = standsBy;
        this.limits = limits;
    }

    /** Who is to serve after an upgrade. */
    private static final class Successor {
        private final Process process;
        private final HolderServer.Answer asker;
        private boolean ready;
        private long sinceNs = System.nanoTime();

        Successor(Process process, HolderServer.Answer asker) {
            this.process = process;
            this.asker = asker;
        }
    }

    @Override
    public void serving(long pid) {
        line.add(new Happening.Serving(pid));
    }

    @Override
    public void pulse(long pid) {
        pulseNs = System.nanoTime();
        pulsePid = pid;
    }

    @Override
    public void ready(long pid) {
        line.add(new Happening.Ready(pid));
    }

    @Override
    public void refused(long pid, String why) {
        line.add(new Happening.Refused(pid, why));
    }

    @Override
    public void leaves(long pid, HolderServer.Answer answer) {
        line.add(new Happening.Leaves(pid, answer));
    }

    @Override
    public void waits(long pid, Duration limit) {
        line.add(new Happening.Waits(pid, limit));
    }

    @Override
    public void upgrade(long pid, HolderServer.Answer answer) {
        line.add(new Happening.Asked(pid, answer));
    }

    /** @return the exit status of the daemon that was the last */
    int run(HolderServer holder) throws InterruptedException {
        try {
            elect(holder, start(holder, false), "");
            while (true) {
                switch (line.poll(untilDueNs(), TimeUnit.NANOSECONDS)) {
                    case null -> overdue(holder);
                    case Happening.Serving(long pid) -> hasCome(holder, pid);
                    case Happening.Ready(long pid) -> standsBy(pid);
                    case Happening.Refused(long pid, String why) -> refuse(pid, why);
                    case Happening.Leaves(long pid, HolderServer.Answer answer) -> leave(pid, answer);
                    case Happening.Waits(long pid, Duration limit) -> {
                        if (serves(pid) && onTrial) {
                            trialEndNs = Math.max(trialEndNs, System.nanoTime() + limit.toNanos());
                        }
                    }
                    case Happening.Asked(long pid, HolderServer.Answer answer) -> succeed(holder, pid, answer);
                    case Happening.Ended(Process process) -> {
                        holder.gone(process.pid());
                        if (process == serving) {
                            int status = process.exitValue();
                            if (ends(holder, status)) {
                                return status;
                            }
                            next(holder, status);
                        } else {
                            endedBeside(process);
                        }
                    }
                }
            }
        } catch (IOException e) {
            say("the daemon cannot be started: " + e.getMessage());
            return 1;
        } finally {
            killWaiting();
        }
    }

    private void hasCome(HolderServer holder, long pid) throws IOException {
        if (!serves(pid)) {
            return;
        }
        served = true;
        onTrial = false;
        pulse(pid);
        kill(fallback);
        fallback = null;
        if (standsBy && standby == null) {
            standby = start(holder, true);
        }
    }

    private boolean serves(long pid) {
        Process now = serving;
        return now != null && now.pid() == pid;
    }

    private void endedBeside(Process process) {
        Successor next = successor;
        if (next != null && process == next.process) {
            refuse(process.pid(), "it ended with status %d: see the daemon's log".formatted(process.exitValue()));
        } else if (process == standby) {
            standby = null;
            if (ending) {
                return;
            }
            say("the daemon that stood by ended; there is another after the next start");
        } else if (process == fallback) {
            fallback = null;
        }
    }

    /** Starts the command again, whatever it is by now, to take the place of who asks. */
    private void succeed(HolderServer holder, long pid, HolderServer.Answer answer) throws IOException {
        if (!serves(pid) || successor != null || onTrial) {
            tell(() -> answer.refused("another upgrade is under way"));
            return;
        }
        successor = new Successor(start(holder, true), answer);
    }

    private void leave(long pid, HolderServer.Answer answer) {
        Successor next = successor;
        if (!serves(pid)) {
            tell(() -> answer.refused("another daemon serves"));
        } else if (next != null && next.ready) {
            kill(serving);
        } else {
            tell(() -> answer.refused("the new daemon ended while it stood by: see the daemon's log"));
        }
    }

    /** Who is told may have ended meanwhile. */
    private static void tell(Runnable answer) {
        try {
            answer.run();
        } catch (NativeException e) {
            say("a daemon is gone that was to have an answer: " + e.getMessage());
        }
    }

    private void standsBy(long pid) {
        Successor next = successor;
        if (next != null && next.process.pid() == pid && !next.ready) {
            next.ready = true;
            next.sinceNs = System.nanoTime();
            tell(next.asker::go);
        }
    }

    private void refuse(long pid, String why) {
        Successor next = successor;
        if (next == null || next.process.pid() != pid) {
            return;
        }
        successor = null;
        kill(next.process);
        if (!next.ready) {
            tell(() -> next.asker.refused(why));
        }
    }

    /** @return until something is late, in ns */
    private long untilDueNs() {
        long now = System.nanoTime();
        long due = now + TimeUnit.HOURS.toNanos(1);
        Successor next = successor;
        if (next != null) {
            due = Math.min(due, next.sinceNs + (next.ready ? limits.end : limits.ready).toNanos());
        }
        if (onTrial) {
            due = Math.min(due, trialEndNs);
        }
        if (watched()) {
            due = Math.min(due, pulseNs + limits.silence.toNanos());
        }
        return due - now;
    }

    private boolean watched() {
        Process now = serving;
        return now != null && now.pid() == pulsePid;
    }

    /** What was due has not come. */
    private void overdue(HolderServer holder) throws IOException {
        long now = System.nanoTime();
        Successor next = successor;
        if (next != null && !next.ready && now - next.sinceNs >= limits.ready.toNanos()) {
            refuse(next.process.pid(), "it did not stand by within %d s".formatted(limits.ready.toSeconds()));
        } else if (next != null && next.ready && now - next.sinceNs >= limits.end.toNanos()) {
            say("the daemon did not end for its successor within %d s: it is ended".formatted(limits.end.toSeconds()));
            next.sinceNs = now;
            kill(serving);
        }
        if (onTrial && now - trialEndNs >= 0) {
            kill(serving);
            goBack(holder, "did not serve within %d s".formatted(limits.serve.toSeconds()));
        } else if (watched() && now - pulseNs >= limits.silence.toNanos()) {
            say("the daemon has not been at work for %d s: it is ended".formatted(limits.silence.toSeconds()));
            pulsePid = -1;
            kill(serving);
        }
    }

    /** Whether the end of the daemon is the end of all. */
    private boolean ends(HolderServer holder, int status) {
        Successor next = successor;
        if (ending) {
            return true;
        }
        if (onTrial || next != null && next.ready) {
            return false;
        }
        // One that never served, and whom nobody depends on: who started it hears of that.
        return status == 0 || status == TERMINATED || !served && holder.size() == 0;
    }

    private void next(HolderServer holder, int status) throws IOException, InterruptedException {
        Successor after = successor;
        if (onTrial) {
            goBack(holder, "ended with status " + status);
        } else if (after != null && after.ready) {
            successor = null;
            fallback = standby;
            standby = null;
            onTrial = true;
            trialEndNs = System.nanoTime() + limits.serve.toNanos();
            elect(holder, after.process, HolderClient.UPGRADED);
        } else {
            if (after != null) {
                // Who asked is gone.
                successor = null;
                kill(after.process);
            }
            replace(holder, status);
        }
    }

    private void replace(HolderServer holder, int status) throws IOException, InterruptedException {
        deaths = System.nanoTime() - servingSinceNs > STEADY_NS ? 0 : deaths;
        long pauseMs = deaths == 0 ? 0 : Math.min(PAUSE_MAX_MS, PAUSE_MS << deaths);
        deaths = Math.min(deaths + 1, DEATHS_COUNTED);
        say("the daemon ended with status %d; another takes its place%s"
                .formatted(status, pauseMs == 0 ? "" : " in %d ms".formatted(pauseMs)));
        Thread.sleep(pauseMs);
        Process waiting = standby;
        standby = null;
        elect(holder, waiting != null && waiting.isAlive() ? waiting : start(holder, false), "");
    }

    /** The successor is none: the one that stood by before serves. */
    private void goBack(HolderServer holder, String why) throws IOException {
        onTrial = false;
        Process waiting = fallback;
        fallback = null;
        String reason = "the new daemon %s; %s"
                .formatted(
                        why,
                        waiting == null || !waiting.isAlive()
                                ? "it is started once more"
                                : "one of the version from before serves");
        say(reason);
        elect(holder, waiting != null && waiting.isAlive() ? waiting : start(holder, false), reason);
    }

    private void elect(HolderServer holder, Process process, String why) {
        serving = process;
        servingSinceNs = System.nanoTime();
        holder.elect(process.pid(), why);
    }

    private Process start(HolderServer holder, boolean asStandby) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put(HolderClient.ADDRESS, holder.address());
        if (asStandby) {
            builder.environment().put(HolderClient.STANDBY, "1");
        }
        Process started = builder.start();
        holder.begun(started.pid());
        Thread.ofPlatform().daemon().name("end of " + started.pid()).start(() -> await(started));
        return started;
    }

    private void await(Process started) {
        try {
            started.waitFor();
            line.add(new Happening.Ended(started));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void killWaiting() {
        kill(standby);
        kill(fallback);
        Successor next = successor;
        kill(next == null ? null : next.process);
    }

    private static void kill(@Nullable Process process) {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    private static void say(String text) {
        System.err.println("vnvme: " + text);
    }

    /** This process is told to end: the daemon ends first, with all that it has to write. */
    void end() {
        ending = true;
        killWaiting();
        Process running = serving;
        if (running != null) {
            running.destroy();
            try {
                running.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
