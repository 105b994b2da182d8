package io.vnvme.handover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who serves, stands by and succeeds: with processes that keep one descriptor and serve nobody. */
@Timeout(120)
class DaemonsTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Duration SHORT = Duration.ofMillis(200);
    static final Duration TRIAL = Duration.ofSeconds(2);

    @TempDir
    private Path folder;

    private final List<AutoCloseable> ends = new ArrayList<>();
    private CompletableFuture<Integer> status = new CompletableFuture<>();

    private void start(Daemons.Limits limits) {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                FakeDaemon.class.getName(),
                folder.toString());
        Daemons daemons = new Daemons(command, true, limits);
        HolderServer server = new HolderServer("@vnvme-test-" + UUID.randomUUID(), daemons);
        Thread.ofPlatform().daemon().start(server::run);
        status = CompletableFuture.supplyAsync(
                () -> run(daemons, server), task -> Thread.ofPlatform().start(task));
        ends.add(() -> {
            daemons.end();
            status.join();
            server.close();
        });
    }

    private static int run(Daemons daemons, HolderServer server) {
        try {
            return daemons.run(server);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable each : ends) {
            each.close();
        }
    }

    private void install(String version) throws IOException {
        Files.writeString(folder.resolve("version.new"), version);
        Files.move(
                folder.resolve("version.new"),
                folder.resolve("version"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    private void tell(String what) throws IOException {
        Files.createFile(folder.resolve(what));
    }

    /** Waits until these have been written down since the start, in this order. */
    private void awaitNotes(String... expected) throws IOException, InterruptedException {
        awaitNotes(_ -> true, expected);
    }

    private void awaitNotes(Predicate<String> which, String... expected) throws IOException, InterruptedException {
        Path notes = folder.resolve("notes");
        List<String> seen = List.of();
        for (int i = 0; i < 6000 && seen.size() < expected.length; i++) {
            Thread.sleep(10);
            seen = Files.exists(notes)
                    ? Files.readAllLines(notes).stream().filter(which).toList()
                    : List.of();
        }
        assertThat(seen).startsWith(expected);
    }

    private void awaitFirst(String version) throws IOException, InterruptedException {
        install(version);
        start(new Daemons.Limits(LONG, LONG, LONG, LONG));
        awaitNotes(version + " elected []", version + " serves", version + " stands by");
    }

    @Test
    void oneThatEndsIsReplacedByTheOneThatStandsBy() throws Exception {
        awaitFirst("1");
        tell("end");
        awaitNotes("1 elected []", "1 serves", "1 stands by", "1 elected [kept]", "1 serves", "1 stands by");
    }

    @Test
    void anUpgradeStartsWhatIsInstalledThen() throws Exception {
        awaitFirst("1");
        install("2");
        tell("upgrade");
        awaitNotes(
                "1 elected []",
                "1 serves",
                "1 stands by",
                "2 stands by",
                "1 goes",
                "2 elected [kept] since upgraded",
                "2 serves",
                "2 stands by");
        tell("end");
        awaitNotes(
                "1 elected []",
                "1 serves",
                "1 stands by",
                "2 stands by",
                "1 goes",
                "2 elected [kept] since upgraded",
                "2 serves",
                "2 stands by",
                "2 elected [kept]",
                "2 serves",
                "2 stands by");
    }

    @ParameterizedTest
    @CsvSource({"refuses,it does not like it", "dies,it ended with status 3: see the daemon's log"})
    void aSuccessorThatCannotStandByIsRefusedAndTheDaemonGoesOn(String version, String why) throws Exception {
        awaitFirst("1");
        install(version);
        tell("upgrade");
        awaitNotes("1 elected []", "1 serves", "1 stands by", "1 refused: " + why);
        tell("end");
        awaitNotes("1 elected []", "1 serves", "1 stands by", "1 refused: " + why, "1 elected [kept]", "1 serves");
    }

    @Test
    void aSuccessorThatTakesTooLongIsRefused() throws Exception {
        install("1");
        // It never stands by, so a limit that is too short for anybody does not matter.
        start(new Daemons.Limits(SHORT, LONG, LONG, LONG));
        awaitNotes("1 elected []", "1 serves", "1 stands by");
        install("sleeps");
        tell("upgrade");
        // Whether it came so far at all does not matter either.
        awaitNotes(
                note -> !note.equals("sleeps begins"),
                "1 elected []",
                "1 serves",
                "1 stands by",
                "1 refused: it did not stand by within 0 s");
    }

    @Test
    void aDaemonThatDoesNotEndForItsSuccessorIsEnded() throws Exception {
        install("stays");
        start(new Daemons.Limits(LONG, SHORT, LONG, LONG));
        awaitNotes("stays elected []", "stays serves", "stays stands by");
        install("2");
        tell("upgrade");
        awaitNotes(
                "stays elected []",
                "stays serves",
                "stays stands by",
                "2 stands by",
                "stays goes",
                "2 elected [kept] since upgraded",
                "2 serves",
                "2 stands by");
    }

    @Test
    void afterASuccessorThatFallsTheOneFromBeforeServes() throws Exception {
        awaitFirst("1");
        install("falls");
        tell("upgrade");
        awaitBack("falls", "ended with status 9");
    }

    @Test
    void afterASuccessorThatHangsTheOneFromBeforeServes() throws Exception {
        install("1");
        start(new Daemons.Limits(LONG, LONG, SHORT, LONG));
        awaitNotes("1 elected []", "1 serves", "1 stands by");
        install("hangs");
        tell("upgrade");
        awaitBack("hangs", "did not serve within 0 s");
    }

    private void awaitBack(String version, String why) throws Exception {
        awaitNotes(
                "1 elected []",
                "1 serves",
                "1 stands by",
                version + " stands by",
                "1 goes",
                version + " elected [kept] since upgraded",
                "1 elected [kept] since the new daemon " + why + "; one of the version from before serves",
                "1 serves",
                version + " stands by");
    }

    @Test
    void aSuccessorThatWaitsForSomethingElseHasMoreTime() throws Exception {
        install("1");
        start(new Daemons.Limits(LONG, LONG, TRIAL, LONG));
        awaitNotes("1 elected []", "1 serves", "1 stands by");
        install("waits");
        tell("upgrade");
        awaitNotes(
                "1 elected []",
                "1 serves",
                "1 stands by",
                "waits stands by",
                "1 goes",
                "waits elected [kept] since upgraded",
                "waits waits",
                "waits serves");
    }

    @Test
    void aDaemonThatDiesWhileItsSuccessorStartsIsReplacedByTheOneThatStandsBy() throws Exception {
        String version = "asks and dies";
        awaitFirst(version);
        install("sleeps");
        tell("upgrade");
        String[] replaced = {
            version + " elected []",
            version + " serves",
            version + " stands by",
            "sleeps begins",
            version + " elected [kept]",
            version + " serves",
            "sleeps begins"
        };
        awaitNotes(replaced);
        // And that upgrade is forgotten: the next one is none too many.
        install("refuses");
        tell("upgrade");
        List<String> refused = new ArrayList<>(List.of(replaced));
        refused.add(version + " refused: it does not like it");
        awaitNotes(refused.toArray(String[]::new));
    }

    @Test
    void aDaemonDoesNotLeaveForASuccessorThatIsGone() throws Exception {
        awaitFirst("stays");
        install("stands by and dies");
        tell("upgrade");
        awaitNotes("stays elected []", "stays serves", "stays stands by", "stands by and dies stands by", "stays goes");
        while (ProcessHandle.current().children().count() > 2) {
            Thread.sleep(5);
        }
        tell("leave");
        awaitNotes(
                "stays elected []",
                "stays serves",
                "stays stands by",
                "stands by and dies stands by",
                "stays goes",
                "stays stays: the new daemon ended while it stood by: see the daemon's log");
        tell("end");
        awaitNotes(
                "stays elected []",
                "stays serves",
                "stays stands by",
                "stands by and dies stands by",
                "stays goes",
                "stays stays: the new daemon ended while it stood by: see the daemon's log",
                "stays elected [kept]",
                "stays serves");
    }

    @Test
    void oneThatNoLongerSaysThatItWorksIsEnded() throws Exception {
        install("falls silent");
        start(new Daemons.Limits(LONG, LONG, LONG, SHORT));
        String version = "falls silent";
        // It may be ended before the other stands by.
        awaitNotes(
                note -> !note.contains("stands by"),
                version + " elected []",
                version + " serves",
                version + " elected [kept]",
                version + " serves");
    }

    @Test
    void oneThatNeverServedIsNotStartedAgain() throws Exception {
        Files.createDirectory(folder.resolve("version"));
        start(new Daemons.Limits(LONG, LONG, LONG, LONG));
        assertThat(status.get()).isEqualTo(1);
    }
}
