package io.vnvme.control.service;

import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.trace.Traces;
import io.vnvme.control.vm.Libvirt;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Where {@link Services} keep what they know, and what they are to do besides; each {@code with} returns another one. */
public final class ServiceSetup {
    /** How often VMs are asked whether they migrate, and drives and pools are looked at. */
    private static final Duration WATCH_INTERVAL = Duration.ofSeconds(2);
    /** All of it is done once. */
    private static final Duration REHEARSAL_SHORT = Duration.ofMillis(10);

    private final String version;
    private final Path stateDir;
    private final Path runDir;
    private final List<RamOffer> offers;
    private final Duration watchInterval;
    // Set by the methods below, of a copy that nobody else has yet.
    private Duration rehearsal = REHEARSAL_SHORT;
    private Optional<Libvirt> libvirt = Optional.empty();
    private InstantSource clock = InstantSource.system();
    private List<TcpPort> tcp = List.of();
    private List<InetSocketAddress> referrals = List.of();
    private Traces traces = Traces.none();
    private Succession succession = Succession.NONE;

    /**
     * @param version of the program
     * @param stateDir folder of the state file, there and writable
     * @param runDir folder of the sockets, there and writable
     * @param offers embedded drives that can be claimed
     */
    public ServiceSetup(String version, Path stateDir, Path runDir, List<RamOffer> offers) {
        this(version, stateDir, runDir, offers, WATCH_INTERVAL);
    }

    /** @param watchInterval between two looks at each VM, drive and pool */
    public ServiceSetup(String version, Path stateDir, Path runDir, List<RamOffer> offers, Duration watchInterval) {
        this.version = version;
        this.stateDir = stateDir;
        this.runDir = runDir;
        this.offers = List.copyOf(offers);
        this.watchInterval = watchInterval;
    }

    /** Another one, that differs by {@code change}. */
    private ServiceSetup with(Consumer<ServiceSetup> change) {
        ServiceSetup copy = new ServiceSetup(version, stateDir, runDir, offers, watchInterval);
        copy.rehearsal = rehearsal;
        copy.libvirt = libvirt;
        copy.clock = clock;
        copy.tcp = tcp;
        copy.referrals = referrals;
        copy.traces = traces;
        copy.succession = succession;
        change.accept(copy);
        return copy;
    }

    /** @param length how long a guest of the daemon's own works before it serves */
    public ServiceSetup withRehearsal(Duration length) {
        return with(copy -> copy.rehearsal = length);
    }

    /** @param asked the libvirt that is asked for VMs, if any */
    public ServiceSetup withLibvirt(Optional<Libvirt> asked) {
        return with(copy -> copy.libvirt = asked);
    }

    /** @param told by which jobs are dated, and mark how far they are */
    public ServiceSetup withClock(InstantSource told) {
        return with(copy -> copy.clock = told);
    }

    public ServiceSetup withTcp(List<TcpPort> ports) {
        return withTcp(ports, List.of());
    }

    /**
     * @param ports where NVMe/TCP hosts are accepted
     * @param elsewhere discovery controllers that they are told of
     */
    public ServiceSetup withTcp(List<TcpPort> ports, List<InetSocketAddress> elsewhere) {
        return with(copy -> {
            copy.tcp = List.copyOf(ports);
            copy.referrals = List.copyOf(elsewhere);
        });
    }

    /** @param told of requests and jobs */
    public ServiceSetup withTraces(Traces told) {
        return with(copy -> copy.traces = told);
    }

    /** @param given who takes the place of this process */
    public ServiceSetup withSuccession(Succession given) {
        return with(copy -> copy.succession = given);
    }

    public String version() {
        return version;
    }

    public Path stateDir() {
        return stateDir;
    }

    public Path runDir() {
        return runDir;
    }

    List<RamOffer> offers() {
        return offers;
    }

    Duration watchInterval() {
        return watchInterval;
    }

    Duration rehearsal() {
        return rehearsal;
    }

    Optional<Libvirt> libvirt() {
        return libvirt;
    }

    InstantSource clock() {
        return clock;
    }

    List<TcpPort> tcp() {
        return tcp;
    }

    List<InetSocketAddress> referrals() {
        return referrals;
    }

    public Traces traces() {
        return traces;
    }

    Succession succession() {
        return succession;
    }
}
