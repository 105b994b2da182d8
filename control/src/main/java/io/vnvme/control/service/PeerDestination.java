package io.vnvme.control.service;

import io.vnvme.control.model.ArrivalChannel;
import io.vnvme.control.model.ArrivalDevice;
import io.vnvme.control.model.ArrivalEnd;
import io.vnvme.control.model.ArrivalInfo;
import io.vnvme.control.model.AwaitArrival;
import io.vnvme.control.model.PlugArrival;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.peer.PeerClient;
import io.vnvme.control.vm.MoveDestination;
import io.vnvme.control.vm.PciImage;
import io.vnvme.control.vm.PciImages;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The QEMU that waits on another daemon's host, through that daemon. Used by one thread at a time. */
final class PeerDestination implements MoveDestination {
    /** What the way there and back may take, besides the work. */
    private static final Duration SPARE = Duration.ofSeconds(10);

    private static final Duration PLUG_LIMIT = Duration.ofSeconds(30);
    /** So long its QEMU may take to end. */
    private static final Duration END_LIMIT = Duration.ofSeconds(20);

    private static final int TRIES = 3;

    private final PeerClient peer;
    private final String path;
    private boolean ended;
    private boolean mayRun;

    /** @param arrival what the other daemon calls the VM */
    PeerDestination(PeerClient peer, String arrival) {
        this.peer = peer;
        this.path = "/api/v1/arrivals/" + arrival;
    }

    @Override
    public String prepare(SortedMap<String, Integer> wanted) {
        List<ArrivalDevice> devices = wanted.entrySet().stream()
                .map(each -> new ArrivalDevice(each.getKey(), each.getValue()))
                .toList();
        ArrivalChannel channel =
                peer.withLimit(PLUG_LIMIT).post(path + "/plug", new PlugArrival(devices), ArrivalChannel.class);
        String host = peer.hostName();
        return "tcp:%s:%d".formatted(host.contains(":") ? "[" + host + "]" : host, channel.port());
    }

    @Override
    public void awaitArrival(Duration limit) {
        peer.withLimit(limit.plus(SPARE))
                .post(path + "/await", new AwaitArrival((int) limit.toMillis()), ArrivalInfo.class);
    }

    @Override
    public void replay(Map<String, PciImage> images) {
        peer.post(path + "/replay", new PciImages(new TreeMap<>(images)), ArrivalInfo.class);
    }

    @Override
    public void goOn() {
        for (int tries = 1; true; tries++) {
            try {
                peer.post(path + "/continue", null, ArrivalInfo.class);
                return;
            } catch (ProblemException e) {
                // It lets the VM go on by itself if this is not heard.
                if (tries == TRIES || e.code() != ProblemCode.PEER_UNREACHABLE) {
                    throw e;
                }
            }
        }
    }

    @Override
    public void quit() {
        ended = false;
        try {
            ArrivalEnd end = peer.withLimit(END_LIMIT).post(path + "/giveup", null, ArrivalEnd.class);
            ended = end.ended();
            mayRun = end.mayRun();
            if (!ended) {
                throw ArrivalChecks.refused("%s: %s".formatted(peer.name(), end.detail()));
            }
        } catch (ProblemException e) {
            if (e.code() != ProblemCode.UNKNOWN_ARRIVAL) {
                throw e;
            }
            // Given up there, or its daemon was started again: its QEMU has no drives, and nothing lets it go on.
            ended = true;
        }
    }

    @Override
    public boolean ended() {
        return ended;
    }

    @Override
    public boolean mayRun() {
        return mayRun && !ended;
    }
}
