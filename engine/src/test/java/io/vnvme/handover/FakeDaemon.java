package io.vnvme.handover;

import io.vnvme.os.Fd;
import io.vnvme.os.Memfd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;

/**
 * A process that behaves as a daemon towards its holder, by the version that is installed in its folder when it starts; what it
 * is told to do lies there as files, and what it does it writes down.
 */
final class FakeDaemon {
    private final Path folder;
    private final String version;
    private final HolderClient holder;

    private FakeDaemon(Path folder) throws IOException {
        this.folder = folder;
        this.version = Files.readString(folder.resolve("version"));
        this.holder = HolderClient.ofEnvironment().orElseThrow();
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        new FakeDaemon(Path.of(arguments[0])).live();
    }

    private void live() throws IOException, InterruptedException {
        if (HolderClient.standsBy()) {
            if (version.equals("refuses")) {
                holder.refuse("it does not like it");
                System.exit(1);
            }
            if (version.equals("dies")) {
                System.exit(3);
            }
            if (version.equals("sleeps")) {
                note("begins");
            } else {
                note("stands by");
                holder.ready();
            }
            if (version.equals("stands by and dies")) {
                System.exit(3);
            }
        }
        try (Held held = holder.held();
                Fd kept = Memfd.create("fake", 4096)) {
            note("elected " + held.names("")
                    + holder.why().map(why -> " since " + why).orElse(""));
            if (HolderClient.standsBy() && version.equals("hangs")) {
                Thread.sleep(Long.MAX_VALUE);
            }
            if (HolderClient.standsBy() && version.equals("falls")) {
                Runtime.getRuntime().halt(9);
            }
            holder.keep("kept", kept.number());
            if (HolderClient.standsBy() && version.equals("waits")) {
                holder.waits(Duration.ofMinutes(1));
                note("waits");
                Thread.sleep(3 * DaemonsTest.TRIAL.toMillis());
            }
            holder.serving();
            note("serves");
            obey();
        }
    }

    private void obey() throws IOException, InterruptedException {
        while (true) {
            if (Files.deleteIfExists(folder.resolve("end"))) {
                Runtime.getRuntime().halt(9);
            }
            if (Files.deleteIfExists(folder.resolve("leave"))) {
                note("stays: " + holder.leave());
            }
            if (Files.deleteIfExists(folder.resolve("upgrade"))) {
                if (version.equals("asks and dies") && !HolderClient.standsBy()) {
                    Thread.ofPlatform().start(this::dieWhenAnotherSleeps);
                }
                Optional<String> refusal = holder.upgrade();
                note(refusal.map(why -> "refused: " + why).orElse("goes"));
                if (refusal.isEmpty() && !version.equals("stays")) {
                    note("stays: " + holder.leave());
                }
            }
            Thread.sleep(5);
        }
    }

    private void dieWhenAnotherSleeps() {
        try {
            while (!Files.readString(folder.resolve("notes")).contains("sleeps begins")) {
                Thread.sleep(5);
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
        Runtime.getRuntime().halt(9);
    }

    private void note(String text) throws IOException {
        Files.writeString(
                folder.resolve("notes"),
                version + " " + text + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
