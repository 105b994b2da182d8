package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MigrateVm;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.VerifyingLoad;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.lab.VmConfig;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Linux guest checks what it wrote, with MSI-X and with MSI, while it goes from one daemon to another and back, its volumes with
 * it. {@code -Dvnvme.moves=50} is the long version.
 */
@Tag("guest")
final class MigrateIT {
    private static final int MOVES = Integer.getInteger("vnvme.moves", 3);
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final VerifyingLoad.Terms LOAD = new VerifyingLoad.Terms(16, 16, "4k-32k", Duration.ofSeconds(30));

    @TempDir
    Path folder;

    private Host here;
    private Host there;
    private int qemus;

    /** A daemon that accepts NVMe/TCP hosts, and others' requests. */
    private record Host(String name, Path folder, DaemonUnderTest daemon, int port) {
        static Host start(Path root, String name) throws IOException, InterruptedException {
            Path folder = Files.createDirectory(root.resolve(name));
            int tcp = freePort();
            int port = freePort();
            DaemonUnderTest daemon =
                    DaemonUnderTest.held(folder, true, "--tcp", "127.0.0.1:" + tcp, "--listen", "127.0.0.1:" + port);
            daemon.vnvme("drive", "claim", folder.resolve("drive.img").toString(), "--size", "256M");
            daemon.vnvme("pool", "create", "pool0", "drive");
            return new Host(name, folder, daemon, port);
        }

        private static int freePort() throws IOException {
            try (ServerSocket free = new ServerSocket(0)) {
                return free.getLocalPort();
            }
        }

        /** Lets this one send VMs to another. */
        void knows(Host other) throws IOException, InterruptedException {
            String said = other.daemon.vnvme("token", "create", name, "--role", "operator", "--json");
            Path secret = folder.resolve(other.name + ".token");
            Files.writeString(secret, said.replaceAll("(?s).*\"secret\"\\s*:\\s*\"([^\"]+)\".*", "$1"));
            String fingerprint = other.daemon
                    .api()
                    .read(other.daemon.api().get("/api/v1/system"), SystemInfo.class)
                    .fingerprint();
            daemon.vnvme(
                    "peer",
                    "add",
                    other.name,
                    "--address",
                    "127.0.0.1:" + other.port,
                    "--peer-token",
                    secret.toString(),
                    "--fingerprint",
                    String.valueOf(fingerprint));
        }

        List<String> vnvmes() {
            return daemon.api().readList(daemon.api().get("/api/v1/vnvmes"), VnvmeInfo.class).stream()
                    .map(VnvmeInfo::name)
                    .toList();
        }
    }

    @BeforeEach
    void start() throws IOException, InterruptedException {
        here = Host.start(folder, "a");
        there = Host.start(folder, "b");
        here.knows(there);
        there.knows(here);
    }

    @AfterEach
    void stop() {
        here.daemon().close();
        there.daemon().close();
    }

    private VmConfig config() {
        return Vm.builder(Lab.prepare()).name("web").memoryMiB(384).smp("2").keepLogsIn(folder.resolve("vm" + qemus++));
    }

    private static void attach(Host host, Vm vm, String name, int number) throws IOException, InterruptedException {
        host.daemon().vnvme("attach", name, "--qmp", vm.qmpSocket().toString());
        await().atMost(LIMIT)
                .until(() -> vm.run("test -b /dev/nvme" + number + "n1", LIMIT).ok());
    }

    private Vm boot() throws IOException, InterruptedException {
        here.daemon().vnvme("create", "d1", "--size", "64M");
        here.daemon().vnvme("create", "d2", "--size", "64M", "--msi");
        Vm vm = config().start();
        attach(here, vm, "d1", 0);
        attach(here, vm, "d2", 1);
        return vm;
    }

    private static List<VerifyingLoad> loads(Vm vm) {
        return List.of(VerifyingLoad.start(vm, "nvme0n1", LOAD), VerifyingLoad.start(vm, "nvme1n1", LOAD));
    }

    private static void assertUnaware(Vm vm, List<VerifyingLoad> loads) {
        List<Long> longest = loads.stream()
                .flatMap(load -> load.end().stream())
                .map(Duration::toMillis)
                .filter(ms -> ms > 200)
                .toList();
        System.out.printf("MigrateIT: commands over 200 ms: %s%n", longest);
        assertThat(vm.sh("dmesg")).doesNotContain("I/O error", "WARNING", "completion polled", "timeout", "reset");
    }

    @Test
    void aVmGoesToAnotherHostAndBack() throws IOException, InterruptedException {
        Vm vm = boot();
        try {
            List<VerifyingLoad> loads = loads(vm);
            for (int move = 0; move < MOVES; move++) {
                Vm next = config().startIncoming();
                go(next);
                vm.close();
                vm = next;
                Vm now = vm;
                loads = loads.stream().map(load -> load.at(now)).toList();
                loads.forEach(VerifyingLoad::goesOn);
                assertThat(here.vnvmes()).isEmpty();
                assertThat(there.vnvmes()).containsExactlyInAnyOrder("d1", "d2");
                Host back = here;
                here = there;
                there = back;
            }
            assertUnaware(vm, loads);
            vm.sh("""
                    for i in 0 1; do
                      nvme reset /dev/nvme$i && dd if=/dev/nvme${i}n1 of=/dev/null bs=1M count=4 iflag=direct || exit 1
                    done""");
            here.daemon().vnvme("detach", "d2");
        } finally {
            vm.close();
        }
    }

    private void go(Vm next) throws IOException, InterruptedException {
        try {
            String said = here.daemon()
                    .vnvme(
                            "migrate",
                            "web",
                            "--to",
                            there.name(),
                            "--qmp",
                            next.qmpSocket().toString());
            System.out.println("MigrateIT: " + said.lines().toList().getLast());
        } catch (AssertionError e) {
            here.daemon().words().forEach(word -> System.out.println("here: " + word));
            there.daemon().words().forEach(word -> System.out.println("there: " + word));
            throw e;
        }
    }

    private JobInfo migrate(Vm next) {
        ApiClient api = here.daemon().api();
        return api.read(
                api.post(
                        "/api/v1/vms/web/migrate",
                        new MigrateVm(there.name(), next.qmpSocket().toString(), null)),
                JobInfo.class);
    }

    private JobInfo job(long id, String wait) {
        ApiClient api = here.daemon().api();
        return api.read(api.get("/api/v1/jobs/%d%s".formatted(id, wait)), JobInfo.class);
    }

    /** The VM goes on where it is, nothing of it is there, and it can go after that. */
    @Test
    void oneThatIsCancelledOrFailsChangesNothing() throws IOException, InterruptedException {
        Vm vm = boot();
        try {
            List<VerifyingLoad> loads = loads(vm);
            for (String end : List.of("cancel", "qemu", "daemon")) {
                try (Vm next = config().startIncoming()) {
                    vm.qmp().execute("migrate-set-parameters", Map.of("max-bandwidth", 1 << 20));
                    JobInfo job = migrate(next);
                    await().atMost(LIMIT)
                            .until(() ->
                                    String.valueOf(job(job.id(), "").step()).startsWith("copy memory"));
                    switch (end) {
                        case "cancel" -> here.daemon().api().delete("/api/v1/jobs/" + job.id());
                        case "qemu" -> next.kill9();
                        default -> {
                            long before = there.daemon().serving(0);
                            assertThat(ProcessHandle.of(before).orElseThrow().destroyForcibly())
                                    .isTrue();
                            there.daemon().serving(before);
                        }
                    }
                    JobInfo ended = job(job.id(), "?waitMs=60000");
                    System.out.printf("MigrateIT: %s: %s, %s%n", end, ended.state(), ended.result());
                    assertThat(ended.state()).isEqualTo(end.equals("cancel") ? "cancelled" : "failed");
                    await().atMost(LIMIT).until(() -> there.vnvmes().isEmpty());
                }
                loads.forEach(VerifyingLoad::goesOn);
                assertThat(here.vnvmes()).containsExactlyInAnyOrder("d1", "d2");
            }
            vm.qmp().execute("migrate-set-parameters", Map.of("max-bandwidth", 1L << 30));
            Vm next = config().startIncoming();
            go(next);
            vm.close();
            vm = next;
            Vm now = vm;
            loads = loads.stream().map(load -> load.at(now)).toList();
            loads.forEach(VerifyingLoad::goesOn);
            assertUnaware(vm, loads);
        } finally {
            vm.close();
        }
    }

    /** Where the VM was its daemon dies while memory is copied: the next one sees to it that the VM goes on there. */
    @Test
    void aSourceWhoseDaemonDiesKeepsItsVm() throws IOException, InterruptedException {
        try (Vm vm = boot();
                Vm next = config().startIncoming()) {
            List<VerifyingLoad> loads = loads(vm);
            vm.qmp().execute("migrate-set-parameters", Map.of("max-bandwidth", 1 << 20));
            JobInfo job = migrate(next);
            await().atMost(LIMIT)
                    .until(() -> String.valueOf(job(job.id(), "").step()).startsWith("copy memory"));
            long before = here.daemon().serving(0);
            assertThat(ProcessHandle.of(before).orElseThrow().destroyForcibly()).isTrue();
            here.daemon().serving(before);
            JobInfo ended = job(job.id(), "?waitMs=60000");
            assertThat(ended.state()).as(ended.result()).isEqualTo("failed");
            assertThat(ended.result()).contains("it goes on here");
            loads.forEach(VerifyingLoad::goesOn);
            await().atMost(LIMIT).until(() -> there.vnvmes().isEmpty());
            assertThat(vm.qmp().execute("query-status", Map.of()).toString()).contains("running");
            assertUnaware(vm, loads);
        }
    }
}
