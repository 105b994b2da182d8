package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CapabilitiesTest {
    private static Capabilities parse(String text) {
        return Capabilities.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void whatQemuSends() {
        Capabilities qemu = parse("""
                {"capabilities": {"migration": {"pgsize": 4096, "max_bitmap_size": 268435456}, "max_msg_fds": 16,\
                 "max_data_xfer_size": 65536, "max_dma_maps": 65535, "pgsizes": 4096, "write_multiple": true}}\0""");
        assertThat(qemu).isEqualTo(new Capabilities(65536, 16, true));
        assertThat(new String(qemu.reply(), StandardCharsets.UTF_8))
                .isEqualTo("{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
                        + "\"max_dma_maps\":65535,\"pgsizes\":4096,\"write_multiple\":true}}\0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\0", "{}", "{\"capabilities\":{}}\0", " { \"other\" : [1, {}, null] } "})
    void whatIsLeftOutHasTheDefaultsOfTheProtocol(String text) {
        assertThat(parse(text)).isEqualTo(new Capabilities(1 << 20, 1, false));
        assertThat(new String(parse(text).reply(), StandardCharsets.UTF_8)).doesNotContain("write_multiple");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "[]",
                "{\"capabilities\":3}",
                "{\"capabilities\":{\"max_data_xfer_size\":0}}",
                "{\"capabilities\":{\"max_data_xfer_size\":\"4096\"}}",
                "{\"capabilities\":{\"max_msg_fds\":-1}}",
                "{\"a\":[[[[[[[[[[]]]]]]]]]]}",
                "{\"a\":1,}",
                "{\"a\" 1}",
                "{a:1}",
                "{\"a\":01}",
                "{\"a\":1.}",
                "{\"a\":1e}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12g4\"}",
                "{\"a\":\"\n\"}",
                "{\"a\":\"",
                "{\"a\":tru}",
                "{} {}",
                "{}\0{}",
                "-"
            })
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(RequestException.class);
    }

    @Test
    void notUtf8() {
        assertThatThrownBy(() -> Capabilities.parse(new byte[] {'{', (byte) 0xff, '}'}))
                .isInstanceOf(RequestException.class);
    }

    @Test
    void hugeNumbersSayNoMoreThanTheMaximum() {
        assertThat(parse("{\"capabilities\":{\"max_data_xfer_size\":1e300}}").transferMaxBytes())
                .isEqualTo(1 << 20);
    }

    @Test
    void json() {
        Object value = Json.parse("{\"a\":[1,-2.5e+1,\"x\\u0041\\n\\\"\"],\"b\":{\"c\":false},\"d\":null}"
                .getBytes(StandardCharsets.UTF_8));
        assertThat(value)
                .isEqualTo(Map.of("a", List.of(1.0, -25.0, "xA\n\""), "b", Map.of("c", false), "d", Json.NULL));
    }
}
