package io.vnvme.control.vm;

import io.vnvme.control.model.RecipeInfo;

/** How hypervisors are told to give a VM a drive from its start. */
public final class Recipe {
    private Recipe() {}

    /**
     * What follows QEMU's {@code -device}, in the JSON form, which is the only one that takes a socket's address.
     *
     * @param vnvme its name, which needs no quoting
     * @param socket path of its vfio-user socket
     */
    public static String qemuDevice(String vnvme, String socket) {
        String path = socket.replace("\\", "\\\\").replace("\"", "\\\"");
        return "{\"driver\":\"vfio-user-pci\",\"id\":\"vnvme-%s\",\"socket\":{\"type\":\"unix\",\"path\":\"%s\"}}"
                .formatted(vnvme, path);
    }

    /** For each hypervisor. */
    public static RecipeInfo of(String vnvme, String socket) {
        String device = qemuDevice(vnvme, socket);
        return new RecipeInfo(
                """
                -object memory-backend-memfd,id=ram0,size=SIZE,share=on
                -M q35,memory-backend=ram0
                -device %s""".formatted(quoted(device)),
                """
                <memoryBacking>
                  <source type='memfd'/>
                  <access mode='shared'/>
                </memoryBacking>
                <qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
                  <qemu:arg value='-device'/>
                  <qemu:arg value='%s'/>
                </qemu:commandline>""".formatted(escaped(device)),
                """
                --memory size=SIZE,shared=on
                --user-device %s""".formatted(quoted("socket=" + socket)),
                """
                machine: q35
                args: -object memory-backend-memfd,id=vnvme-ram,size=SIZE,share=on -machine memory-backend=vnvme-ram -device %s
                hookscript: local:snippets/vnvme-hook""".formatted(quoted(device)));
    }

    /** One word for a shell. */
    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    /** An attribute's value in single quotes. */
    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;");
    }
}
