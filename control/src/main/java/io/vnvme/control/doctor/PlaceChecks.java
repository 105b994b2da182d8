package io.vnvme.control.doctor;

import io.vnvme.control.config.ConfigException;
import io.vnvme.control.config.ConfigFile;
import io.vnvme.control.config.DaemonSettings;
import io.vnvme.control.config.SettingsDraft;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.HostCheck;
import io.vnvme.control.vm.QemuVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What lies around the daemon: its configuration, its folders, the programs of VMs. */
final class PlaceChecks {
    private static final long STATE_MIN = 16 << 20;
    private static final long STATE_GOOD = 256 << 20;

    private final Host host;
    private final Path runDir;
    private Path stateDir;

    /** @param runDir of the daemon */
    PlaceChecks(Host host, Path stateDir, Path runDir) {
        this.host = host;
        this.stateDir = stateDir;
        this.runDir = runDir;
    }

    List<HostCheck> all() {
        List<HostCheck> all = new ArrayList<>();
        all.add(configuration());
        all.add(folder("state folder", stateDir));
        all.add(folder("run folder", runDir));
        all.add(space());
        all.add(qemu());
        all.add(libvirt());
        return all;
    }

    private HostCheck configuration() {
        Path file = host.root().resolve(Path.of("/").relativize(ConfigFile.DEFAULT));
        if (Files.notExists(file)) {
            return HostCheck.ok("configuration", "no %s: the defaults and options count".formatted(file));
        }
        try {
            SettingsDraft draft = new SettingsDraft();
            ConfigFile.read(file).applyTo(draft);
            DaemonSettings settings = draft.settings();
            stateDir = settings.stateDir();
            return HostCheck.ok("configuration", file.toString());
        } catch (ConfigException | IllegalArgumentException e) {
            return HostCheck.fail(
                    "configuration", String.valueOf(e.getMessage()), "mend it: 'vnvme config check' says where");
        }
    }

    /** It is there and may be used, or can be made. */
    static HostCheck folder(String name, Path folder) {
        try {
            if (Files.isDirectory(folder)) {
                if (!Files.isWritable(folder) || !Files.isReadable(folder)) {
                    return HostCheck.fail(
                            name,
                            "%s belongs to %s and may not be used by you".formatted(folder, Files.getOwner(folder)),
                            "be the user that the daemon runs as, or change its owner");
                }
                return Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_WRITE)
                        ? HostCheck.fail(name, folder + " may be written by everybody", "chmod o-w " + folder)
                        : HostCheck.ok(name, folder.toString());
            }
            if (Files.exists(folder)) {
                return HostCheck.fail(name, folder + " is no folder", "move it away");
            }
            return Files.isWritable(existing(folder))
                    ? HostCheck.ok(name, folder + " is not there yet: the daemon makes it")
                    : HostCheck.fail(
                            name,
                            folder + " is not there and may not be made by you",
                            "be the user that the daemon runs as, or make it for that one");
        } catch (IOException e) {
            return HostCheck.fail(name, "%s: %s".formatted(folder, e.getMessage()), "see what lies there");
        }
    }

    private static Path existing(Path folder) {
        Path nearest = folder.toAbsolutePath();
        while (Files.notExists(nearest)) {
            nearest = nearest.resolve("..").normalize();
        }
        return nearest;
    }

    private HostCheck space() {
        try {
            long free = Files.getFileStore(existing(stateDir)).getUsableSpace();
            String found = "%s free for %s".formatted(ByteSize.format(free), stateDir);
            if (free >= STATE_GOOD) {
                return HostCheck.ok("space for state", found);
            }
            return free >= STATE_MIN
                    ? HostCheck.warn("space for state", found, "free some: audit log and events go there as well")
                    : HostCheck.fail("space for state", found, "free some: without it nothing can be changed");
        } catch (IOException e) {
            return HostCheck.warn("space for state", String.valueOf(e.getMessage()), "see what lies at " + stateDir);
        }
    }

    HostCheck qemu() {
        Optional<Path> program = host.qemu();
        if (program.isEmpty()) {
            return HostCheck.warn(
                    "QEMU",
                    "none in PATH",
                    "VMs need QEMU %s or later, or another monitor with vfio-user".formatted(QemuVersion.minimum()));
        }
        Optional<QemuVersion> version = host.output(program.get(), "--version").flatMap(Host::qemuVersion);
        if (version.isEmpty()) {
            return HostCheck.warn("QEMU", program.get() + " does not say its version", "see whether it starts");
        }
        String found = "%s, version %s".formatted(program.get(), version.get());
        boolean device = host.output(program.get(), "-device", "help")
                .filter(said -> said.contains("vfio-user-pci"))
                .isPresent();
        if (!version.get().hasVfioUser() || !device) {
            return HostCheck.fail(
                    "QEMU",
                    found + (device ? "" : ", without the device vfio-user-pci"),
                    "VMs need QEMU %s or later, built with vfio-user".formatted(QemuVersion.minimum()));
        }
        return version.get().unplugsMsix()
                ? HostCheck.ok("QEMU", found)
                : HostCheck.ok("QEMU", found + "; detach parks controllers, as this one cannot unplug them");
    }

    private HostCheck libvirt() {
        return host.exists("run/libvirt/libvirt-sock") || host.exists("run/libvirt/virtqemud-sock")
                ? HostCheck.ok("libvirt", "serves VMs here")
                : HostCheck.ok("libvirt", "does not run here");
    }
}
