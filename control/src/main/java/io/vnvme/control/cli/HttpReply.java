package io.vnvme.control.cli;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A reply of HTTP/1.1 (RFC 9112), as the daemon sends them.
 *
 * @param status 100 to 599
 * @param headers by their names in lower case
 * @param body decoded as UTF-8
 */
record HttpReply(int status, Map<String, String> headers, String body) {
    private static final int LINE_LENGTH_MAX = 16 << 10;
    private static final int BODY_SIZE_MAX = 64 << 20;

    /** Reads one reply; the connection is of no further use then. */
    static HttpReply read(InputStream in) throws IOException {
        String[] statusLine = line(in).split(" ", 3);
        if (statusLine.length < 2 || !statusLine[0].startsWith("HTTP/1.")) {
            throw new IOException("no HTTP");
        }
        Map<String, String> headers = headers(in);
        byte[] body;
        if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
            body = chunks(in);
            headers(in);
        } else {
            String length = headers.get("content-length");
            body = length == null ? in.readNBytes(BODY_SIZE_MAX) : exactly(in, Integer.parseInt(length));
        }
        return new HttpReply(Integer.parseInt(statusLine[1]), headers, new String(body, StandardCharsets.UTF_8));
    }

    /**
     * Reads a reply that goes on, and hands out its lines as they come, without their ends.
     *
     * @throws IOException when it is none, or ends early
     */
    static void stream(InputStream in, Consumer<String> out) throws IOException {
        String status = line(in);
        Map<String, String> headers = headers(in);
        if (!status.startsWith("HTTP/1.1 200")) {
            throw new IOException(status);
        }
        boolean chunked = "chunked".equalsIgnoreCase(headers.get("transfer-encoding"));
        StringBuilder line = new StringBuilder();
        long left = chunked ? 0 : Long.MAX_VALUE;
        while (true) {
            if (left == 0) {
                left = Integer.parseInt(line(in).split(";", 2)[0].strip(), 16);
                if (left == 0) {
                    return;
                }
            }
            int c = in.read();
            if (c < 0 || line.length() >= LINE_LENGTH_MAX) {
                throw new EOFException("the stream ends early");
            }
            left--;
            if (c == '\n') {
                out.accept(line.toString());
                line.setLength(0);
            } else if (c != '\r') {
                line.append((char) c);
            }
            if (left == 0) {
                line(in);
            }
        }
    }

    private static Map<String, String> headers(InputStream in) throws IOException {
        Map<String, String> headers = new HashMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        return headers;
    }

    private static byte[] chunks(InputStream in) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            String[] size = line(in).split(";", 2);
            int length = Integer.parseInt(size[0].strip(), 16);
            if (length == 0) {
                return body.toByteArray();
            }
            body.writeBytes(exactly(in, length));
            line(in);
        }
    }

    private static byte[] exactly(InputStream in, int length) throws IOException {
        if (length < 0 || length > BODY_SIZE_MAX) {
            throw new IOException("a body of " + length + " bytes");
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the reply ends early");
        }
        return bytes;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0 || line.length() >= LINE_LENGTH_MAX) {
                throw new EOFException("the reply ends early");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
