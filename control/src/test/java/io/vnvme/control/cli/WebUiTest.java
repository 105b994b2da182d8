package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of a web UI as the daemon serves them: here those of the tests, which come first on the class path. */
@Timeout(120)
class WebUiTest {
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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/ui/|text/html; charset=utf-8|no-cache|page of the tests",
                "/ui/index.html|text/html; charset=utf-8|no-cache|page of the tests",
                "/ui/vnvmes/d1|text/html; charset=utf-8|no-cache|page of the tests",
                "/ui/assets/app-0123abcd.js|text/javascript; charset=utf-8|public, max-age=31536000, immutable|tested",
                "/ui/icon.svg|image/svg+xml|no-cache|<svg",
            })
    void servesFilesAndThePageForAllElse(String path, String type, String cache, String content) throws IOException {
        HttpReply reply = api.request("GET", path, "");
        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.body()).contains(content);
        assertThat(reply.headers())
                .containsEntry("content-type", type)
                .containsEntry("cache-control", cache)
                .containsEntry("x-content-type-options", "nosniff")
                .containsEntry("referrer-policy", "no-referrer")
                .containsEntry("x-frame-options", "DENY");
        String policy = reply.headers().getOrDefault("content-security-policy", "");
        assertThat(policy).contains("default-src 'none'", "script-src 'self';", "frame-ancestors 'none'");
        assertThat(policy).doesNotContain("unsafe-eval");
    }

    @Test
    void aClientThatHasItIsNotSentItAgain() throws IOException {
        String tag = api.request("GET", "/ui/", "").headers().getOrDefault("etag", "");
        assertThat(tag).hasSize(34);
        HttpReply again = api.request("GET", "/ui/", "If-None-Match: " + tag + "\r\n", "");
        assertThat(again.status()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/ui"})
    void leadsToThePage(String path) throws IOException {
        HttpReply reply = api.request("GET", path, "");
        assertThat(reply.status()).isEqualTo(302);
        assertThat(reply.headers()).containsEntry("location", "/ui/");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/ui/assets/none.js",
                "/ui/../logback.xml",
                "/ui/%2e%2e/logback.xml",
                "/ui/assets/..%2f..%2flogback.xml",
                "/ui/..%2flogback.xml",
                "/ui/assets/%2e%2e/%2e%2e/logback.xml",
                "/ui//logback.xml",
                "/ui/assets",
                "/ui/.git/config",
                "/ui/assets%00.js"
            })
    void nothingElseIsServed(String path) throws IOException {
        HttpReply reply = api.request("GET", path, "");
        // The page, which is what a path of the UI's own gets, or a refusal.
        assertThat(reply.status()).as(reply.body()).isIn(200, 400, 404);
        assertThat(reply.body()).doesNotContain("appender", "logger", "tested");
    }

    @Test
    void whatIsNotAGetIsRefused() throws IOException {
        ServedApi.assertProblem(api.request("POST", "/ui/", "{}"), 404, "unknown-resource");
    }
}
