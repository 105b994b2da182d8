package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.NewToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupportBundleTest {
    private static final String PASSPHRASE = "correct horse battery staple";

    @TempDir
    Path folder;

    private String run(int status, String... args) {
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        assertThat(Vnvme.complete()
                        .setOut(out)
                        .setErr(out)
                        .setExecutionExceptionHandler((e, command, _) -> {
                            command.getErr().print(e.getMessage());
                            command.getErr().flush();
                            return 1;
                        })
                        .execute(args))
                .as(said.toString())
                .isEqualTo(status);
        return said.toString();
    }

    private static String tar(String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("tar"));
        command.addAll(List.of(args));
        Process tar = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(tar.waitFor()).as(said).isZero();
        return said;
    }

    @Test
    void allThatHelpsAndNoSecretIsInIt() throws IOException, InterruptedException {
        Path file = folder.resolve("bundle.tar.gz");
        String token;
        try (ServedApi api = new ServedApi(folder)) {
            token = ServedApi.JSONB
                    .type(NewToken.class)
                    .fromJson(api.ok("POST", "/api/v1/tokens", "{\"name\":\"ci\",\"role\":\"viewer\"}"))
                    .secret();
            api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
            api.ok(
                    "POST",
                    "/api/v1/vnvmes",
                    "{\"name\":\"sealed\",\"sizeBytes\":1048576,\"key\":{\"passphrase\":\"%s\"}}"
                            .formatted(PASSPHRASE));
            // Who pastes a token where a name belongs has it in the audit log's line of that request.
            api.request("GET", "/api/v1/vnvmes/" + token, "");
            api.request("DELETE", "/api/v1/vnvmes/" + token, "");
            run(0, "support-bundle", "--run", folder.toString(), "--state", folder.toString(), file.toString());
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(tar("-tzf", file.toString()))
                .contains(
                        "vnvme-support/doctor.txt",
                        "vnvme-support/system.json",
                        "vnvme-support/audit.txt",
                        "vnvme-support/threads.txt",
                        "vnvme-support/metrics.txt",
                        "vnvme-support/log.txt");
        assertThat(tar("-xOzf", file.toString(), "vnvme-support/vnvmes.json")).contains("\"sealed\"");
        assertThat(tar("-xOzf", file.toString(), "vnvme-support/audit.txt"))
                .contains("POST /api/v1/vnvmes", "DELETE /api/v1/vnvmes/(left out)");
        assertThat(tar("-xOzf", file.toString(), "vnvme-support/threads.txt")).contains("main, RUNNABLE");
        byte[] all = new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(file))).readAllBytes();
        String text = new String(all, StandardCharsets.UTF_8);
        assertThat(text).doesNotContain(token, PASSPHRASE, "PRIVATE KEY");
        assertThat(run(1, "support-bundle", "--run", folder.toString(), file.toString()))
                .contains("is there already");
    }

    @Test
    void withoutADaemonItSaysSo() throws IOException, InterruptedException {
        Path file = folder.resolve("bundle.tar.gz");
        run(0, "support-bundle", "--run", folder.toString(), file.toString());
        assertThat(tar("-xOzf", file.toString(), "vnvme-support/system.json")).contains("no daemon serves");
        assertThat(tar("-xOzf", file.toString(), "vnvme-support/doctor.txt")).contains("io_uring");
    }

    @Test
    void whatLooksLikeASecretIsLeftOut() {
        String key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----";
        assertThat(SupportBundleCommand.withoutSecrets("a " + key + " b")).isEqualTo("a (left out) b");
        String hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assertThat(SupportBundleCommand.withoutSecrets(hash)).as("no token").isEqualTo(hash);
    }
}
