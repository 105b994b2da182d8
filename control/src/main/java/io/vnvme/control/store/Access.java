package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * How clients reach a vNVMe.
 *
 * @param shared a VM and hosts over TCP may have it at the same time
 * @param ports where hosts reach it over TCP, each ADDRESS:PORT; none: wherever hosts are accepted
 * @param group its ANA group
 * @param states ANA states, in words, of the paths that are not optimized, by the names of paths: {@link #PCI}, or a port
 */
@Json
public record Access(boolean shared, List<String> ports, int group, Map<String, String> states) {
    /** The path of VMs. */
    public static final String PCI = "pci";

    /** By all ports, as well as each other. */
    public static final Access USUAL = new Access(false, List.of(), 1, Map.of());

    private static final String OPTIMIZED = "optimized";

    public Access {
        ports = List.copyOf(Objects.requireNonNullElse(ports, List.of()));
        states = Map.copyOf(Objects.requireNonNullElse(states, Map.of()));
    }

    /** The ANA state of a path, in words. */
    public String state(String path) {
        return states.getOrDefault(path, OPTIMIZED);
    }

    public boolean admits(String port) {
        return ports.isEmpty() || ports.contains(port);
    }

    public Access with(String path, String state) {
        Map<String, String> changed = new TreeMap<>(states);
        if (state.equals(OPTIMIZED)) {
            changed.remove(path);
        } else {
            changed.put(path, state);
        }
        return new Access(shared, ports, group, changed);
    }

    public Access sharing(boolean newShared) {
        return new Access(newShared, ports, group, states);
    }

    public Access inGroup(int newGroup) {
        return new Access(shared, ports, newGroup, states);
    }
}
