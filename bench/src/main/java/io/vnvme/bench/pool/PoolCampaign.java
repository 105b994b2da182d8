package io.vnvme.bench.pool;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What thin volumes are to reach, measured and printed. */
public final class PoolCampaign {
    private static final int IMPORT_TIB = 20;

    private final int rounds;
    private final int serverCpu;
    private final int clientCpu;
    private final List<String> jvmOptions;

    /** @param jvmOptions of the engine's process */
    public PoolCampaign(int rounds, int serverCpu, int clientCpu, List<String> jvmOptions) {
        this.rounds = rounds;
        this.serverCpu = serverCpu;
        this.clientCpu = clientCpu;
        this.jvmOptions = jvmOptions;
    }

    public void run() throws IOException {
        try {
            RamPairs.Set stack = new RamPairs.Set();
            RamPairs.stack(rounds, serverCpu, clientCpu, jvmOptions, stack);
            RamPairs.Set direct = new RamPairs.Set();
            RamPairs.direct(rounds, serverCpu, direct);
            System.out.print(Comparison.head());
            for (int i = 0; i < stack.all().size(); i++) {
                System.out.print(stack.all().get(i).line(direct.all().get(i)));
            }
            System.out.print(FlushRun.run(serverCpu, clientCpu, jvmOptions));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while measuring", e);
        }
    }

    /** Snapshots and clones of a volume of a tebibyte, under a guest's writes. @return lines for people */
    public static String snapshots(int serverCpu, int clientCpu, List<String> jvmOptions) throws IOException {
        try {
            return SnapshotRun.run(serverCpu, clientCpu, jvmOptions);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while measuring", e);
        }
    }

    /** Imports a pool of 20 TiB after a close, and after a crash with a full journal, each in a JVM of its own. */
    public static void imports(Path folder, List<String> jvmOptions) throws IOException {
        for (String end : List.of("clean", "crashed")) {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add("--enable-native-access=ALL-UNNAMED");
            command.addAll(jvmOptions);
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), ImportRun.class.getName()));
            command.addAll(List.of(folder.toString(), Integer.toString(IMPORT_TIB), "10", end));
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                String line = output.readLine();
                if (line == null) {
                    throw new IOException("the import failed");
                }
                String[] words = line.split(" ", -1);
                double mapped = Long.parseLong(words[4]) / (double) (1 << 24);
                System.out.printf(
                        "%d TiB, %s: loaded after %s s (%s s of processor), open after %s s; %.0f MiB for each TiB%n",
                        IMPORT_TIB, end, words[0], words[1], words[2], Long.parseLong(words[3]) / mapped / (1 << 20));
            }
        }
    }
}
