package io.vnvme.testkit.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parts that guests are made of, in a cache outside the project. {@code scripts/lab.sh} fetches what is missing. */
public final class Lab {
    private static @Nullable Lab prepared;

    private final Path tools;
    private final Path guest;
    private final Accel accel;

    private Lab(Path tools, Path guest, Accel accel) {
        this.tools = tools;
        this.guest = guest;
        this.accel = accel;
    }

    /**
     * Returns the lab of this machine, ready to use. The first call of all on a machine downloads about 170 MB.
     *
     * @throws LabException when a part can neither be found nor fetched; the message says why
     */
    public static synchronized Lab prepare() {
        if (prepared == null) {
            Map<String, String> facts = runScript(home().resolve("scripts").resolve("lab.sh"));
            prepared = new Lab(
                    Path.of(fact(facts, "tools")),
                    Path.of(fact(facts, "guest")),
                    Accel.valueOf(fact(facts, "accel").toUpperCase(Locale.ROOT)));
        }
        return prepared;
    }

    /** Returns a program that runs on this host under the lab's own libraries: {@code fio}, {@code qemu-storage-daemon} ... */
    public Path program(String name) {
        return tools.resolve("bin").resolve(name);
    }

    public Path qemu() {
        return program("qemu-system-x86_64");
    }

    public Path qemuStorageDaemon() {
        return program("qemu-storage-daemon");
    }

    /** Returns a shared library that this JVM can load: libblkio 1.5 needs glibc 2.34 alone. */
    public Path libblkio() {
        return root().resolve("usr/lib/x86_64-linux-gnu/libblkio.so.1");
    }

    /** Returns the folder with the typefaces DejaVuSans.ttf and DejaVuSans-Bold.ttf: a bare machine has none. */
    public Path fonts() {
        return root().resolve("usr/share/fonts/truetype/dejavu");
    }

    /** Returns the guests' kernel with a PVH entry. */
    public Path kernel() {
        return guest.resolve("vmlinux");
    }

    /** Returns the guests' initial RAM file system, with fio, nvme-cli, pciutils, e2fsprogs, busybox and {@code guest-init}. */
    public Path initrd() {
        return guest.resolve("initrd.cpio");
    }

    /** Returns a raw image of a drive (about 65 MiB) from which both a BIOS and UEFI start the guest. */
    public Path bootImage() {
        return guest.resolve("boot.img");
    }

    /** Returns what runs guests on this machine: KVM only when it was seen to run one. */
    public Accel accel() {
        return accel;
    }

    /** Returns the firmware that starts a kernel the fastest. */
    Path qboot() {
        return root().resolve("usr/share/qemu/qboot.rom");
    }

    /** Returns the folder of UEFI's code and of its empty variables. */
    Path ovmf() {
        return root().resolve("usr/share/OVMF");
    }

    private Path root() {
        return tools.resolve("root");
    }

    /** The project's folder: given by the wrapper scripts, else the nearest folder above that has the lab's script. */
    private static Path home() {
        String given = System.getProperty("vnvme.home");
        if (given != null) {
            return Path.of(given);
        }
        Path here = Path.of("").toAbsolutePath();
        for (Path folder = here; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("scripts").resolve("lab.sh"))) {
                return folder;
            }
        }
        throw new LabException(
                "scripts/lab.sh is in no folder above " + here + ": give the project's with -Dvnvme.home=");
    }

    private static Map<String, String> runScript(Path script) {
        try {
            // Its progress goes where this process's messages go.
            Process process = new ProcessBuilder(script.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            process.getOutputStream().close();
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new LabException(script + " failed with status " + status + "; what it said stands above");
            }
            Map<String, String> facts = new HashMap<>();
            answer.lines().forEach(line -> {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    facts.put(line.substring(0, equals), line.substring(equals + 1));
                }
            });
            return facts;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while the lab was prepared", e);
        }
    }

    private static String fact(Map<String, String> facts, String key) {
        String value = facts.get(key);
        if (value == null) {
            throw new LabException("scripts/lab.sh did not say where \"" + key + "\" is");
        }
        return value;
    }
}
