package io.vnvme.control.doctor;

import io.vnvme.control.model.HostCheck;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Looks at a host: whether a daemon can work on it, and what would make it work better. Changes nothing. */
public final class Doctor {
    private final Host host;
    private final Path stateDir;
    private final Path runDir;

    /**
     * @param stateDir of the daemon, unless the configuration says another
     * @param runDir of the daemon
     */
    public Doctor(Host host, Path stateDir, Path runDir) {
        this.host = host;
        this.stateDir = stateDir;
        this.runDir = runDir;
    }

    /** All but what a running daemon says. */
    public List<HostCheck> look() {
        List<HostCheck> all = new ArrayList<>(new KernelChecks(host).all());
        all.addAll(new PlaceChecks(host, stateDir, runDir).all());
        return all;
    }
}
