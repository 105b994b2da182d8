package io.vnvme.control.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.vnvme.control.model.CreateToken;
import io.vnvme.control.model.NewToken;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.TokenInfo;
import io.vnvme.control.store.StateFileException;
import io.vnvme.control.store.TokenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
    @TempDir
    Path folder;

    private final TestClock clock = new TestClock();
    private Tokens tokens;

    @BeforeEach
    void setUp() {
        tokens = opened();
    }

    private Tokens opened() {
        return new Tokens(new TokenFile(folder), clock);
    }

    private static void assertProblem(ProblemCode code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void isKnownByItsSecretUntilItIsRemovedAlsoOverARestart() {
        NewToken token = tokens.create(new CreateToken("ci", "operator", null));
        assertThat(token.secret()).matches("vnvme_[A-Za-z0-9_-]{43}");
        assertThat(token.toString()).doesNotContain(token.secret());
        tokens = opened();
        assertThat(tokens.find(token.secret()).orElseThrow().name()).isEqualTo("ci");
        assertThat(tokens.find(token.secret() + "x")).isEmpty();
        assertThat(tokens.find("")).isEmpty();
        assertThat(tokens.list()).extracting(TokenInfo::name, TokenInfo::role).containsExactly(tuple("ci", "operator"));
        tokens.remove("ci");
        assertThat(tokens.find(token.secret())).isEmpty();
        assertThat(opened().list()).isEmpty();
        assertProblem(ProblemCode.UNKNOWN_TOKEN, () -> tokens.remove("ci"));
    }

    @Test
    void expires() {
        NewToken token = tokens.create(new CreateToken("ci", "viewer", 60L));
        clock.pass(Duration.ofSeconds(59));
        assertThat(tokens.find(token.secret())).isPresent();
        clock.pass(Duration.ofSeconds(1));
        assertThat(tokens.find(token.secret())).isEmpty();
        assertThat(tokens.list()).hasSize(1);
    }

    @Test
    void onlyTheHashIsKeptWhereOnlyTheDaemonReads() throws IOException {
        NewToken token = tokens.create(new CreateToken("ci", "admin", null));
        Path file = folder.resolve("tokens.json");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(file))
                .contains(Secrets.hash(token.secret()))
                .doesNotContain(token.secret());
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        tokens.create(new CreateToken("ci", "viewer", null));
        assertProblem(ProblemCode.NAME_TAKEN, () -> tokens.create(new CreateToken("ci", "viewer", null)));
        assertProblem(ProblemCode.BAD_NAME, () -> tokens.create(new CreateToken("C I", "viewer", null)));
        assertProblem(ProblemCode.BAD_NAME, () -> tokens.create(new CreateToken(null, "viewer", null)));
        assertProblem(ProblemCode.BAD_REQUEST, () -> tokens.create(new CreateToken("x", "root", null)));
        assertProblem(ProblemCode.BAD_REQUEST, () -> tokens.create(new CreateToken("x", null, null)));
        assertProblem(ProblemCode.BAD_REQUEST, () -> tokens.create(new CreateToken("x", "viewer", 0L)));
        assertProblem(ProblemCode.BAD_REQUEST, () -> tokens.create(new CreateToken("x", "viewer", Long.MAX_VALUE)));
        assertThat(tokens.list()).hasSize(1);
    }

    @Test
    void whatCannotBeSavedDoesNotExist() throws IOException {
        Files.createDirectory(folder.resolve("tokens.json.new"));
        Files.createFile(folder.resolve("tokens.json.new").resolve("in the way"));
        assertProblem(ProblemCode.STATE_UNWRITABLE, () -> tokens.create(new CreateToken("ci", "viewer", null)));
        assertThat(tokens.list()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "{\"version\":2,\"tokens\":[]}",
                "{\"version\":1,\"tokens\":[{\"name\":\"a\",\"role\":\"root\",\"hash\":\"00\",\"createdAt\":\"2030-01-01T00:00:00Z\"}]}"
            })
    void aDamagedFileIsRefusedAndLeftAlone(String content) throws IOException {
        Path file = folder.resolve("tokens.json");
        Files.writeString(file, content);
        assertThatThrownBy(this::opened).isInstanceOf(StateFileException.class);
        assertThat(file).hasContent(content);
    }

    @Test
    void aSessionLastsWhileItIsUsedAndItsTokenIsGood() {
        NewToken token = tokens.create(new CreateToken("ci", "viewer", null));
        Sessions sessions = new Sessions(tokens, clock);
        Doorkeeper doorkeeper = new Doorkeeper(tokens, sessions, clock, _ -> {});
        String cookie = doorkeeper.signIn(token.secret(), "here");
        Caller caller = doorkeeper.session(cookie).orElseThrow();
        assertThat(caller.csrf().orElseThrow()).hasSize(43).isNotEqualTo(cookie);
        for (Duration time = Duration.ZERO;
                time.compareTo(Sessions.LENGTH_MAX) < 0;
                time = time.plus(Sessions.IDLE_MAX.dividedBy(2))) {
            assertThat(doorkeeper.session(cookie)).as("after %s", time).isPresent();
            clock.pass(Sessions.IDLE_MAX.dividedBy(2));
        }
        assertThat(doorkeeper.session(cookie)).isEmpty();
        assertThat(caller.good().getAsBoolean()).isFalse();

        String idle = doorkeeper.signIn(token.secret(), "here");
        clock.pass(Sessions.IDLE_MAX);
        assertThat(doorkeeper.session(idle)).isEmpty();

        String ended = doorkeeper.signIn(token.secret(), "here");
        doorkeeper.signOut(ended);
        assertThat(doorkeeper.session(ended)).isEmpty();

        String revoked = doorkeeper.signIn(token.secret(), "here");
        Caller before = doorkeeper.session(revoked).orElseThrow();
        tokens.remove("ci");
        assertThat(doorkeeper.session(revoked)).isEmpty();
        assertThat(before.good().getAsBoolean()).isFalse();
    }

    @Test
    void theOldestSessionGivesWay() {
        NewToken token = tokens.create(new CreateToken("ci", "viewer", null));
        Sessions sessions = new Sessions(tokens, clock);
        Doorkeeper doorkeeper = new Doorkeeper(tokens, sessions, clock, _ -> {});
        String first = doorkeeper.signIn(token.secret(), "here");
        for (int i = 1; i < Sessions.COUNT_MAX; i++) {
            doorkeeper.signIn(token.secret(), "here");
        }
        assertThat(doorkeeper.session(first)).isPresent();
        doorkeeper.signIn(token.secret(), "here");
        assertThat(doorkeeper.session(first)).isEmpty();
    }

    @Test
    void whoFailsTooOftenWaitsAndOthersDoNot() {
        SignInLimit limit = new SignInLimit(clock);
        for (int i = 0; i < SignInLimit.FAILURES_MAX; i++) {
            assertThat(limit.failed("a")).isEmpty();
        }
        clock.pass(Duration.ofSeconds(20));
        assertThat(limit.failed("a")).isEqualTo(Optional.of(SignInLimit.WINDOW.minusSeconds(20)));
        assertThat(limit.failed("b")).isEmpty();
        clock.pass(SignInLimit.WINDOW);
        assertThat(limit.failed("a")).isEmpty();
        for (int i = 0; i < SignInLimit.ADDRESSES_MAX; i++) {
            assertThat(limit.failed("other " + i)).isEmpty();
        }
    }
}
