package io.vnvme.control.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.vnvme.control.model.AuditInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("audit.jsonl");
    }

    private static AuditInfo begin(AuditLog log, String what) {
        return log.begin("ci", "token", "192.0.2.1", what);
    }

    @Test
    void isWrittenBeforeAndAfterAndGoesOnOverARestart() throws IOException {
        AuditInfo first;
        try (AuditLog log = new AuditLog(folder)) {
            first = begin(log, "POST /a");
            assertThat(Files.readAllLines(file())).hasSize(1);
            assertThat(log.after(0, 9)).containsExactly(first);
            log.end(first, 201, 7);
            log.refused("192.0.2.2");
            begin(log, "POST /b");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
        try (AuditLog log = new AuditLog(folder)) {
            assertThat(begin(log, "POST /c").number()).isEqualTo(4);
            assertThat(log.after(0, 9)).extracting(AuditInfo::number).containsExactly(1L, 2L, 3L, 4L);
            assertThat(log.after(0, 1)).containsExactly(first.answered(201, 7));
            assertThat(log.after(1, 1))
                    .extracting(AuditInfo::who, AuditInfo::status)
                    .containsExactly(tuple("-", 401));
            assertThat(log.after(2, 1).getFirst().status()).isNull();
        }
    }

    @Test
    void aTornLineIsLeftOutAndTheNextIsWhole() throws IOException {
        try (AuditLog log = new AuditLog(folder)) {
            begin(log, "POST /a");
        }
        Files.writeString(file(), "{\"number\":2,\"at", StandardOpenOption.APPEND);
        try (AuditLog log = new AuditLog(folder)) {
            begin(log, "POST /b");
        }
        try (AuditLog log = new AuditLog(folder)) {
            assertThat(log.after(0, 9)).extracting(AuditInfo::what).containsExactly("POST /a", "POST /b");
        }
    }

    @Test
    void fullFilesGiveWayToNewOnes() throws IOException {
        int size = 2000;
        try (AuditLog log = new AuditLog(new AuditFiles(folder, size))) {
            for (int i = 0; i < 200; i++) {
                begin(log, "POST /" + i);
            }
            assertThat(log.after(0, 999)).hasSize(200);
        }
        try (var files = Files.list(folder)) {
            assertThat(files)
                    .hasSize(AuditFiles.OLD_MAX + 1)
                    .allSatisfy(f -> assertThat(Files.size(f)).isBetween(1L, (long) size));
        }
        try (AuditLog log = new AuditLog(new AuditFiles(folder, size))) {
            assertThat(begin(log, "POST /next").number()).isEqualTo(201);
        }
    }

    @Test
    void showsNoMoreThanTheNewest() throws IOException {
        try (AuditLog log = new AuditLog(folder)) {
            for (int i = 0; i <= AuditLog.SHOWN_MAX; i++) {
                log.refused("192.0.2.1");
            }
            assertThat(log.after(0, Integer.MAX_VALUE)).hasSize(AuditLog.SHOWN_MAX);
            assertThat(log.after(0, 1).getFirst().number()).isEqualTo(2);
        }
    }

    /** /dev/full is a disk without room. */
    @Test
    void whatCannotBeWrittenDownIsRefused() throws IOException {
        Files.createSymbolicLink(file(), Path.of("/dev/full"));
        try (AuditLog log = new AuditLog(folder)) {
            assertThatThrownBy(() -> begin(log, "POST /a"))
                    .isInstanceOfSatisfying(
                            ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.AUDIT_UNWRITABLE))
                    .hasMessageContaining("nothing is changed");
            log.refused("192.0.2.1");
            assertThat(log.after(0, 9)).isEmpty();
        }
    }

    private static String subject(String body) {
        return Subject.of(body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void ofABodyOnlyWhatIsKnownToBeNoSecretIsTold() {
        assertThat(
                        subject(
                                "{\"name\":\"d1\",\"sizeBytes\":4096,\"key\":{\"passphrase\":\"p\"},\"qos\":{\"limits\":{\"iops\":7}}}"))
                .isEqualTo("{name=d1 sizeBytes=4096 qos={limits={iops=7}}}");
        assertThat(
                        subject(
                                "{\"passphrase\":12345,\"token\":true,\"later\":\"x\",\"vnvme\":{\"name\":\"a\",\"secret\":\"s\"}}"))
                .isEqualTo("{vnvme={name=a}}");
        assertThat(subject("{\"drives\":[\"a\",\"b\"],\"name\":\"x\\n{\\u0000\"}"))
                .isEqualTo("{drives=[a b] name=x?{?}");
        assertThat(subject("")).isEmpty();
        assertThat(subject("{")).isEqualTo("(no JSON object)");
        assertThat(subject("\"p\"")).isEqualTo("(no JSON object)");
        assertThat(subject("[\"p\"]")).isEqualTo("(no JSON object)");
        assertThat(subject("{\"name\":{\"name\":{\"name\":{\"name\":1}}}}")).isEqualTo("{name={name={name=...}}}");
    }
}
