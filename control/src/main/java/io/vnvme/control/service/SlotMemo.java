package io.vnvme.control.service;

import io.vnvme.control.vm.QemuVersion;
import io.vnvme.control.vm.VmAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What is remembered of a {@link Slot} with its connection: a line for each field, since none has an end of line in it. */
record SlotMemo(
        VmAddress address,
        String vm,
        QemuVersion qemu,
        String deviceId,
        String home,
        boolean msi,
        String since,
        boolean slow) {
    private static final String SOCKET = "socket";
    private static final String DOMAIN = "domain";
    private static final int LINES = 11;

    String text() {
        List<String> where = switch (address) {
            case VmAddress.Socket(Path path) -> List.of(SOCKET, path.toString(), "");
            case VmAddress.Domain(String uuid, String name) -> List.of(DOMAIN, uuid, name);
        };
        return String.join("\n", where)
                + "\n%s\n%s\n%s\n%s\n%b\n%s\n%b\n.".formatted(line(vm), qemu, line(deviceId), home, msi, since, slow);
    }

    private static String line(String text) {
        return text.replace('\n', ' ');
    }

    /** Nothing when the text is none such. */
    static Optional<SlotMemo> of(String text) {
        String[] lines = text.split("\n", -1);
        if (lines.length != LINES) {
            return Optional.empty();
        }
        Optional<QemuVersion> qemu = QemuVersion.of(lines[4]);
        VmAddress address = lines[0].equals(DOMAIN)
                ? new VmAddress.Domain(lines[1], lines[2])
                : new VmAddress.Socket(Path.of(lines[1]));
        return qemu.map(version -> new SlotMemo(
                address,
                lines[3],
                version,
                lines[5],
                lines[6],
                Boolean.parseBoolean(lines[7]),
                lines[8],
                Boolean.parseBoolean(lines[9])));
    }
}
