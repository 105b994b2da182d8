package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchTest {
    @TempDir
    Path folder;

    private ServedApi api;

    @BeforeEach
    void setUp() {
        api = new ServedApi(folder);
    }

    @AfterEach
    void tearDown() {
        api.close();
    }

    @Test
    void aListIsShownAgainWhenItChanges() throws Exception {
        StringWriter out = new StringWriter();
        Thread watching = Thread.ofPlatform()
                .start(() -> Vnvme.complete()
                        .setOut(new PrintWriter(out))
                        .setExecutionExceptionHandler((_, _, _) -> 1)
                        .execute("ls", "--watch", "--run", folder.toString()));
        await().until(() -> out.toString().startsWith("no vNVMes"));
        api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        api.ok("POST", "/api/v1/vnvmes", "{\"name\":\"d1\",\"sizeBytes\":1048576}");
        await().until(() -> out.toString().contains("d1    1 MiB"));
        api.ok("DELETE", "/api/v1/vnvmes/d1", "");
        await().until(() ->
                out.toString().lines().filter(l -> l.startsWith("no vNVMes")).count() == 2);
        watching.interrupt();
        watching.join();
    }

    @Test
    void theDaemonSaysWhenToLook() throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        Thread following = Thread.ofPlatform().start(() -> {
            try {
                new ApiClient(folder).follow("/api/v1/changes", lines::add);
            } catch (CliException e) {
                lines.add("ended");
            }
        });
        await().until(() -> lines.contains("event: reset"));
        assertThat(lines).doesNotContain("event: change");
        api.ok("POST", "/api/v1/groups", "{\"name\":\"g\"}");
        await().until(() -> lines.contains("event: change"));
        following.interrupt();
        following.join();
    }
}
