package io.vnvme.control.vm;

/**
 * A VM that libvirt knows.
 *
 * @param name unique at its libvirt
 * @param uuid in lower case with dashes
 * @param state {@code running}, {@code paused}, {@code stopping}, {@code off}, {@code crashed}, {@code suspended} or {@code unknown}
 */
public record Domain(String name, String uuid, String state) {
    public VmAddress.Domain address() {
        return new VmAddress.Domain(uuid, name);
    }

    /** @param number virDomainState of libvirt's API */
    static String state(int number) {
        return switch (number) {
            // Blocked is running, and waiting for something.
            case 1, 2 -> "running";
            case 3 -> "paused";
            case 4 -> "stopping";
            case 5 -> "off";
            case 6 -> "crashed";
            case 7 -> "suspended";
            default -> "unknown";
        };
    }
}
