package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.daemon.Daemon;
import io.vnvme.control.model.Problem;
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.service.RamOffer;
import io.vnvme.control.service.ServiceSetup;
import io.vnvme.control.trace.Traces;
import io.vnvme.control.vm.Libvirt;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The API of a daemon in this process whose engine is a fake: what matters is what it says over its socket. */
final class ServedApi implements AutoCloseable {
    static final Jsonb JSONB = Jsonb.builder().build();

    private final FakeDataPlane.World world = new FakeDataPlane.World();
    final Path folder;
    private final boolean listens;
    private final Optional<Libvirt> libvirt;
    private final Traces traces;
    Daemon daemon;

    ServedApi(Path folder) {
        this(folder, false);
    }

    /** @param listens over TLS too, on a port of its own */
    ServedApi(Path folder, boolean listens) {
        this(folder, listens, Optional.empty());
    }

    /** @param libvirt that it asks for VMs */
    ServedApi(Path folder, Libvirt libvirt) {
        this(folder, false, Optional.of(libvirt));
    }

    /** @param traces of what it does */
    ServedApi(Path folder, Traces traces) {
        this(folder, false, Optional.empty(), traces);
    }

    private ServedApi(Path folder, boolean listens, Optional<Libvirt> libvirt) {
        this(folder, listens, libvirt, Traces.none());
    }

    private ServedApi(Path folder, boolean listens, Optional<Libvirt> libvirt, Traces traces) {
        this.traces = traces;
        this.folder = folder;
        this.listens = listens;
        this.libvirt = libvirt;
        this.daemon = start();
    }

    private Daemon start() {
        List<RamOffer> offers = List.of(new RamOffer("ram0", 64 << 20), new RamOffer("ram1", 64 << 20));
        return new Daemon(
                new ServiceSetup("test", folder, folder, offers, Duration.ofHours(1))
                        .withLibvirt(libvirt)
                        .withTraces(traces),
                listens ? Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)) : Optional.empty(),
                () -> new FakeDataPlane(world),
                System.currentTimeMillis());
    }

    void restart() {
        daemon.close();
        daemon = start();
    }

    /** A connection to its Unix socket. */
    SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(daemon.apiSocket()));
        return channel;
    }

    /** @param headers lines that end with CR LF */
    static void send(SocketChannel channel, String method, String path, String headers, String body)
            throws IOException {
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        String head = "%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n"
                .formatted(method, path, headers, content.length);
        ByteBuffer all = ByteBuffer.allocate(head.length() + content.length)
                .put(head.getBytes(StandardCharsets.US_ASCII))
                .put(content)
                .flip();
        while (all.hasRemaining()) {
            channel.write(all);
        }
    }

    HttpReply request(String method, String path, String headers, String body) throws IOException {
        try (SocketChannel channel = connect()) {
            send(channel, method, path, "Connection: close\r\n" + headers, body);
            return HttpReply.read(new BufferedInputStream(Channels.newInputStream(channel)));
        }
    }

    HttpReply request(String method, String path, String body) throws IOException {
        return request(method, path, "", body);
    }

    String ok(String method, String path, String body) throws IOException {
        HttpReply reply = request(method, path, body);
        assertThat(reply.status()).as(reply.body()).isBetween(200, 299);
        return reply.body();
    }

    static void assertProblem(HttpReply reply, int status, String code) {
        assertThat(reply.status()).as(reply.body()).isEqualTo(status);
        assertThat(JSONB.type(Problem.class).fromJson(reply.body()).code()).isEqualTo(code);
    }

    @Override
    public void close() {
        daemon.close();
    }
}
