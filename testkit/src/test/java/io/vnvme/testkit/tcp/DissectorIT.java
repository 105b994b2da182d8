package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.AnaState;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.server.ServedTarget;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the target says is what others take it for: the analyser that everybody has reads all of it. */
@Tag("guest")
class DissectorIT {
    private static final int BLOCK = 512;
    /** ICReq, ICResp, C2HTermReq, command and response capsules, H2CData, C2HData, R2T. */
    private static final List<String> ALL_TYPES = List.of("0", "1", "3", "4", "5", "6", "7", "9");

    private static final String FOUND = "_ws.malformed || _ws.expert.severity == error || tcp.analysis.flags"
            + " || nvme-tcp.hdgst.status == 0 || nvme-tcp.ddgst.status == 0";

    @TempDir
    Path folder;

    @Test
    void tsharkFindsNothingMalformed() throws IOException, InterruptedException {
        Path file = folder.resolve("nvme.pcap");
        try (Capture capture = new Capture(file)) {
            say(capture);
        }
        assertThat(tshark(file, "-Y", FOUND)).isEmpty();
        TreeSet<String> types = new TreeSet<>();
        tshark(
                        file,
                        "-Y",
                        "nvme-tcp",
                        "-T",
                        "fields",
                        "-E",
                        "occurrence=a",
                        "-E",
                        "aggregator=,",
                        "-e",
                        "nvme-tcp.type")
                .lines()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .forEach(types::add);
        assertThat(types).as("what it took for NVMe/TCP").containsAll(ALL_TYPES);
        assertThat(tshark(file, "-Y", "nvme-tcp", "-V"))
                .contains("Identify", "Connect", "Property Get", "Discovery", ServedTarget.NQN);
    }

    /** Digests are among what it checks: else it would say nothing about ours. */
    @Test
    void tsharkFindsADigestThatIsWrong() throws IOException, InterruptedException {
        Path file = folder.resolve("wrong.pcap");
        try (Capture capture = new Capture(file)) {
            say((connection, fromHost, pdu) -> {
                byte[] seen = pdu.clone();
                if (pdu[0] == HostPdu.C2H_DATA && (pdu[1] & HostPdu.DATA_DIGEST) != 0) {
                    seen[seen.length - 1] ^= 1;
                }
                capture.passed(connection, fromHost, seen);
            });
        }
        assertThat(tshark(file, "-Y", FOUND)).isNotEmpty();
    }

    private static void say(CuttingProxy.Tap capture) throws IOException {
        try (ServedTarget target = ServedTarget.open(64 << 20);
                CuttingProxy proxy = new CuttingProxy(target.address(), Long.MAX_VALUE, capture)) {
            HostOptions usual = HostOptions.usual();
            for (HostOptions options : List.of(
                    usual,
                    usual.withoutFlowControl(),
                    usual.digests(true, false),
                    // Not together with padding: there it takes the digest to begin where the padding does.
                    usual.digests(true, true),
                    usual.aligned(15),
                    usual.sending(0, 8192))) {
                try (TcpHost host = TcpHost.connect(proxy.address(), ServedTarget.NQN, options)) {
                    administer(host, target);
                    use(host.ioQueue(64));
                }
            }
            try (TcpHost host = TcpHost.connect(proxy.address(), Fabrics.DISCOVERY_NQN, usual)) {
                host.admin().read(Command.logPage(0x70, 2048), 2048).orThrow();
            }
            HostQueue wrong = HostQueue.greet(proxy.address(), usual);
            wrong.connect(ServedTarget.NQN, 0, 32, Fabrics.CNTLID_DYNAMIC).orThrow();
            // Well-formed, but nobody asked for that data.
            wrong.channel().send(wrong.h2cData(5, 77, 0, new byte[16], true));
            assertThat(wrong.channel().next()).isPresent();
            wrong.close();
            assertThat(target.failures()).isEmpty();
        }
    }

    private static void administer(TcpHost host, ServedTarget target) {
        host.identify();
        HostQueue admin = host.admin();
        for (int cns : new int[] {Cns.NAMESPACE, Cns.ACTIVE_NAMESPACES, Cns.NAMESPACE_DESCRIPTORS}) {
            admin.read(Command.identify(cns, cns == Cns.ACTIVE_NAMESPACES ? 0 : 1), 4096)
                    .orThrow();
        }
        for (int log :
                new int[] {LogPageId.ERROR_INFORMATION, LogPageId.SMART, LogPageId.FIRMWARE_SLOT, LogPageId.ANA}) {
            admin.read(Command.logPage(log, 512), 512).orThrow();
        }
        admin.execute(Command.setFeature(FeatureId.ASYNC_EVENT_CONFIG, 1 << 11)).orThrow();
        int event = admin.submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
        target.path(target.port(), 1, AnaState.NON_OPTIMIZED);
        admin.await(event).orThrow();
        target.path(target.port(), 1, AnaState.OPTIMIZED);
        admin.execute(Command.of(AdminOpcode.KEEP_ALIVE)).orThrow();
        // What fails has a response too.
        admin.execute(Command.of(0x7e));
    }

    private static void use(HostQueue queue) {
        List<Integer> reads = new ArrayList<>();
        for (int blocks : new int[] {1, 8, 32, 100, 256}) {
            queue.execute(Command.write(1, 0, blocks), new byte[blocks * BLOCK]).orThrow();
            reads.add(queue.submit(Command.read(1, 0, blocks), new byte[0], blocks * BLOCK));
        }
        reads.forEach(cid -> queue.await(cid).orThrow());
        queue.execute(Command.flush(1)).orThrow();
        queue.execute(Command.read(1, Long.MAX_VALUE, 1));
        queue.execute(HostQueue.fabrics(Fabrics.DISCONNECT)).orThrow();
    }

    private static String tshark(Path file, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Lab.prepare().program("tshark").toString(),
                "-n",
                "-r",
                file.toString(),
                "-d",
                "tcp.port==4420,nvme-tcp",
                "-o",
                "nvme-tcp.check_hdgst:TRUE",
                "-o",
                "nvme-tcp.check_ddgst:TRUE"));
        command.addAll(List.of(arguments));
        Path errors = file.resolveSibling("errors");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(() -> read(errors)).isZero();
        return said.strip();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
