package io.vnvme.control.vm;

import java.io.IOException;
import java.nio.file.Path;

/** Where a VM's monitor is reached, and what tells one VM from another. */
public sealed interface VmAddress {
    /**
     * A QMP socket of its own.
     *
     * @param path one for a VM, however it was named
     */
    record Socket(Path path) implements VmAddress {
        public static Socket of(Path path) {
            try {
                return new Socket(path.toRealPath());
            } catch (IOException e) {
                // What is not there yet, or no more, is told apart by its name.
                return new Socket(path.toAbsolutePath().normalize());
            }
        }

        @Override
        public String toString() {
            return path.toString();
        }
    }

    /**
     * A domain of libvirt.
     *
     * @param uuid what libvirt's own commands are given: a name could be another's number, or look like an option
     */
    record Domain(String uuid, String name) implements VmAddress {
        @Override
        public String toString() {
            return "libvirt domain " + name;
        }
    }
}
