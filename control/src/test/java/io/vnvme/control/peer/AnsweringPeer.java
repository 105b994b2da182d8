package io.vnvme.control.peer;

import io.vnvme.control.auth.Certificate;
import io.vnvme.control.store.PeerRecord;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** Whoever answers over TLS, with whatever a test says; it keeps connections as long as the other end does. */
public final class AnsweringPeer implements AutoCloseable {
    private final Certificate certificate;
    private final SSLServerSocket server;
    private final Function<String, byte[]> answers;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    /** Of each connection, by which a request came. */
    final List<Integer> ports = new CopyOnWriteArrayList<>();

    /** Each with its body behind its head. */
    public final List<String> requests = new CopyOnWriteArrayList<>();

    /** @param answers what goes back for each request, as it is */
    public AnsweringPeer(Path folder, Function<String, byte[]> answers) throws IOException, GeneralSecurityException {
        this.answers = answers;
        this.certificate = Certificate.in(folder, List.of());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry(
                "peer", certificate.key(), new char[0], certificate.chain().toArray(new X509Certificate[0]));
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        server = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    /** A reply with a JSON body. */
    public static byte[] reply(int status, String body) {
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        String all = "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(status, content.length, body);
        return all.getBytes(StandardCharsets.UTF_8);
    }

    public PeerRecord record() {
        return record(certificate.fingerprint());
    }

    public PeerRecord record(String fingerprint) {
        return new PeerRecord("west", address(), fingerprint, "vnvme_secret");
    }

    String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    String fingerprint() {
        return certificate.fingerprint();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // The test is over.
            open.forEach(AnsweringPeer::end);
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (String request = request(in); !request.isEmpty(); request = request(in)) {
                ports.add(socket.getPort());
                requests.add(request);
                socket.getOutputStream().write(answers.apply(request));
                socket.getOutputStream().flush();
            }
        } catch (IOException e) {
            // The other end has gone, or has not trusted this one: that is what some tests are about.
            open.remove(socket);
        }
    }

    private static String request(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int c = in.read();
            if (c < 0) {
                return "";
            }
            head.write(c);
        }
        String text = head.toString(StandardCharsets.ISO_8859_1);
        int length = text.toLowerCase(Locale.ROOT)
                .lines()
                .filter(line -> line.startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                .findFirst()
                .orElse(0);
        return text + new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
