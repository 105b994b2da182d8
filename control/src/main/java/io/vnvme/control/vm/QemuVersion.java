package io.vnvme.control.vm;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A release of QEMU, and what it can be trusted with. */
public record QemuVersion(int major, int minor, int micro) implements Comparable<QemuVersion> {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,6})\\.(\\d{1,6})\\.(\\d{1,6})");

    /** The first release with the device that connects a VM to a vfio-user socket. */
    private static final QemuVersion FIRST_WITH_VFIO_USER = new QemuVersion(10, 1, 0);

    /**
     * Releases up to 11.1 abort when a vfio-user device with an MSI-X capability is unplugged: its finalizer removes a
     * memory region from a container that is gone (assertion in memory_region_del_subregion; upstream's change is
     * "vfio-user: Do not delete the subregion").
     */
    private static final QemuVersion FIRST_THAT_UNPLUGS_MSIX = new QemuVersion(11, 2, 0);

    /**
     * Release lines, as {@code major.minor.0}, with which moves of vNVMes were tested. What they rest on is no
     * interface: what QEMU leaves out of its migration, and the words and commands of its monitor for people. A release
     * that migrates vfio-user devices by itself would do twice what is done here.
     */
    private static final List<QemuVersion> MOVE_VNVMES = List.of(new QemuVersion(11, 1, 0));

    /** As QMP shows it: {@code {"qemu":{"major":11,"minor":1,"micro":0}}}. What is missing is 0. */
    static QemuVersion of(Map<?, ?> version) {
        Map<?, ?> qemu = version.get("qemu") instanceof Map<?, ?> map ? map : Map.of();
        return new QemuVersion(number(qemu.get("major")), number(qemu.get("minor")), number(qemu.get("micro")));
    }

    /** As {@link #toString} writes it. */
    public static Optional<QemuVersion> of(String text) {
        Matcher matcher = TEXT.matcher(text);
        return matcher.matches()
                ? Optional.of(new QemuVersion(
                        Integer.parseInt(matcher.group(1)),
                        Integer.parseInt(matcher.group(2)),
                        Integer.parseInt(matcher.group(3))))
                : Optional.empty();
    }

    private static int number(@Nullable Object value) {
        return value instanceof Number number ? number.intValue() : 0;
    }

    /** The oldest release that can take a vNVMe, as text. */
    public static String minimum() {
        return FIRST_WITH_VFIO_USER.major + "." + FIRST_WITH_VFIO_USER.minor;
    }

    /** The release lines with which a VM can go, as text. */
    static String thatMoveVnvmes() {
        return MOVE_VNVMES.stream().map(v -> v.major + "." + v.minor).collect(Collectors.joining(", "));
    }

    public boolean hasVfioUser() {
        return compareTo(FIRST_WITH_VFIO_USER) >= 0;
    }

    /** Whether {@code device_del} of a device with an MSI-X capability is safe. */
    public boolean unplugsMsix() {
        return compareTo(FIRST_THAT_UNPLUGS_MSIX) >= 0;
    }

    /** Whether a running VM can go from and to this release with its vNVMes. */
    public boolean movesVnvmes() {
        return MOVE_VNVMES.contains(new QemuVersion(major, minor, 0));
    }

    @Override
    public int compareTo(QemuVersion other) {
        int result = Integer.compare(major, other.major);
        result = result != 0 ? result : Integer.compare(minor, other.minor);
        return result != 0 ? result : Integer.compare(micro, other.micro);
    }

    @Override
    public String toString() {
        return "%d.%d.%d".formatted(major, minor, micro);
    }
}
