package io.vnvme.bench.demo;

import io.vnvme.bench.report.ReportFolder;
import io.vnvme.bench.report.Results;
import io.vnvme.bench.report.ResultsJson;
import io.vnvme.bench.report.TextTable;
import io.vnvme.testkit.lab.Lab;
import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vnvme demo}. Exit status: 0 when every step did what it says, 1 when one did not, 2 wrong usage. */
@Command(
        name = "vnvme demo",
        mixinStandardHelpOptions = true,
        description =
                "Show a virtual NVMe drive in a running VM, and measure it against a virtual disk and the bare drive.",
        footer = "Everything runs in folders and processes of its own and is gone afterwards, except the report.")
public final class Demo implements Callable<Integer> {
    private static final Duration END_NOTICE = Duration.ofMillis(300);
    private static final DemoRun.Rounds FULL = new DemoRun.Rounds(2, 5);
    private static final DemoRun.Rounds QUICK = new DemoRun.Rounds(1, 1);

    @Option(names = "--json", paramLabel = "FILE", description = "also write the results there, as JSON")
    private @Nullable Path json;

    @Option(names = "--keep", description = "leave the folder with the logs of the daemon and the VMs")
    private boolean keep;

    @Option(
            names = "--report",
            paramLabel = "DIR",
            defaultValue = "demo-report",
            description = "folder of the report (default: ${DEFAULT-VALUE})")
    private Path report = Path.of("demo-report");

    @Option(names = "--quick", description = "measure each way once only: the figures are not worth much then")
    private boolean quick;

    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final boolean terminal =
            Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    private volatile boolean ending;

    private Demo() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Demo()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        Path folder = Files.createTempDirectory(
                "vnvme-demo-" + ProcessHandle.current().pid() + "-");
        Progress progress = new Progress(out, terminal ? Terminal.width() : 0);
        Cleanup cleanup = new Cleanup();
        Thread end = Thread.ofPlatform().name("end-of-demo").unstarted(() -> interrupted(folder, progress, cleanup));
        Runtime.getRuntime().addShutdownHook(end);
        try {
            Results results = new DemoRun(home(), folder, quick ? QUICK : FULL, progress, cleanup).run();
            progress.close();
            leave(results);
            Runtime.getRuntime().removeShutdownHook(end);
            if (keep) {
                out.println("logs:   " + folder);
            } else {
                Leftovers.delete(folder);
            }
            return results.ok() ? 0 : failed("a step did not do what it says", folder);
        } catch (DemoException | IOException | IllegalStateException e) {
            progress.close();
            return toldToEnd() ? awaitEnd() : endAfterFailure(e, folder, cleanup, end);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return awaitEnd();
        }
    }

    private void leave(Results results) throws IOException {
        ReportFolder.write(results, report, Lab.prepare().fonts());
        if (json != null) {
            Files.writeString(json, ResultsJson.write(results));
        }
        out.println();
        out.print(TextTable.of(results, terminal));
        out.println();
        out.println("report: " + report.resolve("report.html").toAbsolutePath().normalize());
        out.println("        beside it: results.json, chart.png");
    }

    private int endAfterFailure(Exception failure, Path folder, Cleanup cleanup, Thread end) {
        Runtime.getRuntime().removeShutdownHook(end);
        try {
            cleanup.close();
        } catch (IllegalStateException e) {
            failure.addSuppressed(e);
        }
        String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        return failed(reason, folder);
    }

    private static int failed(String reason, Path folder) {
        System.err.println("vnvme demo: " + reason);
        System.err.println("vnvme demo: logs in " + folder);
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** The process is told to end: ends what was started. */
    private void interrupted(Path folder, Progress progress, Cleanup cleanup) {
        ending = true;
        progress.close();
        System.err.println("vnvme demo: interrupted, cleaning up");
        try {
            cleanup.close();
            Leftovers.delete(folder);
        } catch (IOException | IllegalStateException e) {
            System.err.println("vnvme demo: " + e.getMessage());
        }
    }

    /** Ctrl-C ends the daemon and the VMs too, so a step may fail a moment before this process hears of it. */
    private boolean toldToEnd() {
        try {
            Thread.sleep(END_NOTICE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return ending;
    }

    /** The end has begun elsewhere: this thread only waits for it. */
    private static int awaitEnd() {
        try {
            Thread.sleep(Duration.ofMinutes(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static Path home() {
        String home = System.getProperty("vnvme.home");
        if (home == null) {
            throw new DemoException("start the demo by ./vnvme demo");
        }
        return Path.of(home);
    }
}
