package io.vnvme.control.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A program that answers as {@code virsh} does, from files: {@code list}, {@code domstats}, {@code dumpxml}, {@code uri}, and for commands of
 * a monitor one named as the command is. What is in no file is an error.
 */
public final class FakeVirsh {
    public static final String UUID = "e003c526-8980-4e2a-b497-2869ba103020";

    /** Each argument is a line of the log, and an empty line ends a call: what a shell would have made of it shows. */
    private static final String PROGRAM = """
            #!/bin/sh
            cd "$(dirname "$0")" || exit 9
            { for argument in "$@"; do printf '%s\\n' "$argument"; done; echo; } >>log
            answer=$4
            case $answer in qemu-monitor-command)
              answer=$(printf '%s' "$7" | sed 's/.*"execute":"\\([a-z_-]*\\)".*/\\1/') ;;
            esac
            [ ! -e "$answer.hangs" ] || exec sleep 600
            if [ "$answer" = device_add ]; then
              id=$(printf '%s' "$7" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
              # The engine's side of the connection is made by whoever waits for this file.
              echo "$id" >plugging.new && mv plugging.new plugging
              while [ -e plugging ]; do sleep 0.01; done
            fi
            if [ -e "$answer" ]; then cat "$answer"; exit 0; fi
            cat error >&2
            exit 1
            """;

    public final Path folder;

    public FakeVirsh(Path folder) {
        this.folder = folder;
        try {
            Files.createDirectories(folder);
            Files.writeString(program(), PROGRAM);
            Files.setPosixFilePermissions(program(), PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        answer("error", "error: failed to get domain 'x'\n");
        answer("uri", "fake:///system\n");
        answer(
                "query-version",
                "{\"return\":{\"qemu\":{\"micro\":3,\"minor\":1,\"major\":11},\"package\":\"\"},\"id\":\"libvirt-1\"}\n");
    }

    /** One domain, which runs, with two ports. */
    public FakeVirsh withDomain(String name) {
        answer("list", UUID + " " + name + "\n");
        answer("domstats", "Domain: '" + name + "'\n  state.state=1\n  state.reason=1\n\n");
        answer("dumpxml", "<domain type='qemu'><name>x</name></domain>");
        answer("query-migrate", "{\"return\":{}}");
        answer("query-status", "{\"return\":{\"running\":true,\"status\":\"running\"}}");
        answer("device-list-properties", "{\"return\":[]}");
        answer("query-memdev", "{\"return\":[{\"id\":\"pc.ram\",\"share\":true}]}");
        answer("qom-get", "{\"return\":true}");
        answer(
                "qom-list",
                "{\"return\":[{\"name\":\"pci.1\",\"type\":\"child<pcie-root-port>\"},{\"name\":\"pci.10\",\"type\":\"child<pcie-root-port>\"},"
                        + "{\"name\":\"pci.9\",\"type\":\"child<pcie-root-port>\"}]}");
        answer("device_add", "{\"return\":{}}");
        return this;
    }

    public Path program() {
        return folder.resolve("virsh");
    }

    public Libvirt libvirt() {
        return libvirt(Duration.ofSeconds(20));
    }

    public Libvirt libvirt(Duration limit) {
        return Libvirt.by(program(), "fake:///system", limit);
    }

    /** What is said to a command from now on. */
    public void answer(String command, String text) {
        try {
            Path draft = folder.resolve(command + ".new");
            Files.writeString(draft, text);
            Files.move(draft, folder.resolve(command), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command fails from now on. */
    public void fail(String command, String error) {
        try {
            Files.deleteIfExists(folder.resolve(command));
            answer("error", error);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A command never ends from now on. */
    public void hang(String command) {
        answer(command + ".hangs", "");
    }

    /** The arguments of all calls so far. */
    public List<List<String>> calls() {
        try {
            String log = Files.exists(folder.resolve("log")) ? Files.readString(folder.resolve("log")) : "";
            return Arrays.stream(log.split("\n\n", -1))
                    .filter(call -> !call.isEmpty())
                    .map(call -> List.of(call.split("\n", -1)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
