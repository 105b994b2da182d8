package io.vnvme.control.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.HostCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A host made of a few files, and the real one. */
class DoctorTest {
    @TempDir
    Path root;

    private Host host;

    @BeforeEach
    void setUp() {
        host = new Host(root, List.of(root.resolve("bin")));
    }

    private void file(String name, String content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private void qemu(String version, String devices) throws IOException {
        file(
                "bin/qemu-system-x86_64",
                "#!/bin/sh\ncase $1 in --version) echo '%s' ;; *) echo '%s' ;; esac\n".formatted(version, devices));
        Files.setPosixFilePermissions(
                root.resolve("bin/qemu-system-x86_64"), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private HostCheck qemu() {
        return new PlaceChecks(host, root, root).qemu();
    }

    @ParameterizedTest
    @CsvSource({"4.18.0-553,fail", "5.10.0,fail", "5.15.0-100-generic,warn", "6.0.1,warn", "6.1.0-40,ok", "7.0,ok"})
    void kernels(String release, String outcome) throws IOException {
        file("proc/sys/kernel/osrelease", release + "\n");
        assertThat(new KernelChecks(host).kernel().outcome()).isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource({"100000,fail", "600000,warn", "4000000,ok"})
    void memory(long kib, String outcome) throws IOException {
        file("proc/meminfo", "MemTotal:  9000000 kB\nMemAvailable:  %d kB\n".formatted(kib));
        assertThat(new KernelChecks(host).memory().outcome()).isEqualTo(outcome);
    }

    @Test
    void limitsHugePagesAndClock() throws IOException {
        file("proc/meminfo", "MemAvailable:  9000000 kB\nHugePages_Free:     7\nHugepagesize:    2048 kB\n");
        file("proc/self/limits", "Max open files            1024   524288   files\n");
        file("sys/devices/system/clocksource/clocksource0/current_clocksource", "acpi_pm\n");
        KernelChecks checks = new KernelChecks(host);
        assertThat(checks.hugePages().found()).isEqualTo("7 of 2 MiB free");
        assertThat(checks.clock().outcome()).isEqualTo("warn");
        assertThat(checks.all())
                .filteredOn(c -> c.name().equals("open files"))
                .first()
                .satisfies(c -> assertThat(c.outcome()).isEqualTo("warn"))
                .satisfies(c -> assertThat(c.advice()).contains("LimitNOFILE"));
    }

    @Test
    void qemus() throws IOException {
        assertThat(qemu().outcome()).as("there is none").isEqualTo("warn");
        qemu("QEMU emulator version 7.2.17", "nvme");
        assertThat(qemu().outcome()).isEqualTo("fail");
        qemu("QEMU emulator version 11.1.0", "nvme");
        assertThat(qemu().found()).contains("11.1.0", "without the device");
        qemu("QEMU emulator version 11.1.0", "vfio-user-pci");
        assertThat(qemu()).satisfies(c -> assertThat(c.outcome()).isEqualTo("ok"));
        assertThat(qemu().found()).contains("parks");
        qemu("QEMU emulator version 11.2.0", "vfio-user-pci");
        assertThat(qemu().found()).doesNotContain("parks");
    }

    @Test
    void folders() throws IOException {
        Path folder = Files.createDirectories(root.resolve("state"));
        assertThat(PlaceChecks.folder("state", folder).outcome()).isEqualTo("ok");
        assertThat(PlaceChecks.folder("state", folder.resolve("later")).found()).contains("makes it");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(PlaceChecks.folder("state", folder).outcome()).isEqualTo("fail");
        file("plain", "");
        assertThat(PlaceChecks.folder("state", root.resolve("plain")).outcome()).isEqualTo("fail");
    }

    @Test
    void aConfigurationThatIsWrong() throws IOException {
        file("etc/vnvme/vnvme.toml", "reactors = 'many'\n");
        assertThat(new PlaceChecks(host, root, root).all())
                .filteredOn(c -> c.name().equals("configuration"))
                .first()
                .satisfies(c -> assertThat(c.failed()).isTrue())
                .satisfies(c -> assertThat(c.found()).contains("vnvme.toml:1"));
    }

    @Test
    void thisHostCanBeLookedAt() {
        List<HostCheck> checks = new Doctor(Host.real(), root, root).look();
        assertThat(checks).extracting(HostCheck::name).doesNotHaveDuplicates().contains("io_uring", "memfd", "QEMU");
        assertThat(checks)
                .filteredOn(c -> c.name().equals("io_uring"))
                .first()
                .satisfies(
                        c -> assertThat(c.outcome()).as("the tests here use it").isEqualTo("ok"));
        assertThat(checks)
                .allSatisfy(c ->
                        assertThat(c.advice() == null).isEqualTo(c.outcome().equals("ok")));
    }
}
