package io.vnvme.frontend.vfiouser;

import io.vnvme.os.Errno;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A strict reader of the JSON (RFC 8259) in a VERSION message; what it costs is bounded by the text's length and a depth.
 *
 * <p>Gives {@link Map}, {@link List}, {@link String}, {@link Boolean}, {@link Double}, and {@link #NULL} for null.
 */
final class Json {
    static final Object NULL = new Object();

    private static final int DEPTH_MAX = 8;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    /** @throws RequestException EINVAL for anything that is not one JSON value in UTF-8 */
    static Object parse(byte[] utf8) {
        try {
            Json json = new Json(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString());
            Object value = json.value();
            json.space();
            if (json.at < json.text.length()) {
                throw json.malformed();
            }
            return value;
        } catch (CharacterCodingException e) {
            throw new RequestException(Errno.EINVAL, "version text is not UTF-8");
        }
    }

    private Object value() {
        if (++depth > DEPTH_MAX) {
            throw malformed();
        }
        space();
        Object value = switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", NULL);
            default -> number();
        };
        depth--;
        return value;
    }

    private Map<String, Object> object() {
        Map<String, Object> members = new LinkedHashMap<>();
        at++;
        space();
        if (skip('}')) {
            return members;
        }
        do {
            space();
            String name = string();
            space();
            expect(':');
            members.put(name, value());
            space();
        } while (skip(','));
        expect('}');
        return members;
    }

    private List<Object> array() {
        List<Object> elements = new ArrayList<>();
        at++;
        space();
        if (skip(']')) {
            return elements;
        }
        do {
            elements.add(value());
            space();
        } while (skip(','));
        expect(']');
        return elements;
    }

    private String string() {
        expect('"');
        StringBuilder out = new StringBuilder();
        while (true) {
            char c = next();
            if (c == '"') {
                return out.toString();
            }
            if (c < 0x20) {
                throw malformed();
            }
            out.append(c == '\\' ? escape() : c);
        }
    }

    private char escape() {
        char c = next();
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(next(), 16);
                    if (digit < 0) {
                        throw malformed();
                    }
                    code = (code << 4) | digit;
                }
                yield (char) code;
            }
            default -> throw malformed();
        };
    }

    private Double number() {
        int from = at;
        skip('-');
        int whole = at;
        int digits = digits();
        if (digits == 0 || (digits > 1 && text.charAt(whole) == '0')) {
            throw malformed();
        }
        if (skip('.') && digits() == 0) {
            throw malformed();
        }
        if (skip('e') || skip('E')) {
            if (!skip('+')) {
                skip('-');
            }
            if (digits() == 0) {
                throw malformed();
            }
        }
        return Double.valueOf(text.substring(from, at));
    }

    private int digits() {
        int from = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        return at - from;
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw malformed();
        }
        at += word.length();
        return value;
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        if (at == text.length()) {
            throw malformed();
        }
        return text.charAt(at);
    }

    private char next() {
        char c = peek();
        at++;
        return c;
    }

    private boolean skip(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!skip(c)) {
            throw malformed();
        }
    }

    private RequestException malformed() {
        return new RequestException(Errno.EINVAL, "version text is not JSON at character " + at);
    }
}
