package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableTest {
    @Test
    void columnsAreAsWideAsTheyMustBe() {
        Table table = new Table("NAME", "SIZE", "WHERE");
        table.row("d1", "20 GiB", "-");
        table.row("a-long-name", "1 B", "VM x");
        assertThat(table.text(Integer.MAX_VALUE)).isEqualTo("""
                        NAME         SIZE    WHERE
                        d1           20 GiB  -
                        a-long-name  1 B     VM x
                        """);
    }

    @Test
    void linesEndWhereTheTerminalDoes() {
        Table table = new Table("NAME", "WHERE");
        table.row("d1", "VM with a long name");
        assertThat(table.text(12)).isEqualTo("NAME  WHERE\nd1    VM wi…\n");
    }

    @Test
    void theWidestColumnsGiveWay() {
        Table table = new Table("NAME", "POOL", "WHERE");
        table.row("d1", "a-pool-with-a-name", "VM with a long name");
        assertThat(table.text(30)).isEqualTo("""
                        NAME  POOL         WHERE
                        d1    a-pool-wit…  VM with a …
                        """);
        assertThat(table.text(10).lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(10));
    }

    @Test
    void aStreamIsReadLineByLine() throws IOException {
        List<String> lines = new ArrayList<>();
        String chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "9\r\nevent: re\r\n8;x=y\r\nset\nid: \r\n3\r\n7\r\n\r\n0\r\n\r\n";
        HttpReply.stream(new ByteArrayInputStream(chunks.getBytes(StandardCharsets.UTF_8)), lines::add);
        assertThat(lines).containsExactly("event: reset", "id: 7");
        assertThatThrownBy(() -> HttpReply.stream(
                        new ByteArrayInputStream("HTTP/1.1 503 No\r\n\r\n".getBytes(StandardCharsets.UTF_8)),
                        lines::add))
                .hasMessageContaining("503");
    }

    private static HttpReply reply(String text) throws IOException {
        return HttpReply.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void readsRepliesOfEveryLengthKind() throws IOException {
        assertThat(reply("HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\n\r\nhello"))
                .extracting(HttpReply::status, HttpReply::body)
                .containsExactly(200, "he");
        assertThat(reply("HTTP/1.1 201 Created\r\n\r\nhello"))
                .extracting(HttpReply::status, HttpReply::body)
                .containsExactly(201, "hello");
        assertThat(reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"))
                .extracting(HttpReply::status, HttpReply::body)
                .containsExactly(200, "hello");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                "SSH-2.0-x\r\n\r\n",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"
            })
    void brokenRepliesAreErrors(String text) {
        assertThatThrownBy(() -> reply(text)).isInstanceOf(IOException.class);
    }
}
