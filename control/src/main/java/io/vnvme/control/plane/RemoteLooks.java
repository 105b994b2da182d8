package io.vnvme.control.plane;

import io.vnvme.control.model.DiscoveredInfo;
import io.vnvme.control.model.DiscoveryInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.claim.Content;
import io.vnvme.drive.claim.DriveIdentification;
import io.vnvme.drive.nvmetcp.DiscoveryEntry;
import io.vnvme.drive.nvmetcp.NamespaceFacts;
import io.vnvme.drive.nvmetcp.Portal;
import io.vnvme.drive.nvmetcp.RemoteDiscovery;
import io.vnvme.drive.nvmetcp.RemoteException;
import io.vnvme.os.NativeException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What lies on other machines: namespaces that may be claimed, and where there are some. */
final class RemoteLooks {
    private static final Logger LOG = System.getLogger(RemoteLooks.class.getName());
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9:/._\\[\\]-]+");
    private static final Duration DISCOVERY_LIMIT = Duration.ofSeconds(8);

    private RemoteLooks() {}

    static DriveLook look(DriveSource source, RemoteHost host, Collection<EngineDrive> open) {
        RemoteAddress address = RemoteAddress.parse(source.path());
        Optional<EngineDrive> ours = open.stream()
                .filter(d -> d instanceof EngineRemoteDrive r && sameNamespace(r.address(), address))
                .findFirst();
        if (ours.isPresent()) {
            EngineDrive drive = ours.get();
            DriveLook.Identity identity = new DriveLook.Identity(drive.id(), drive.name(), 0, Optional.empty());
            return new DriveLook(source, true, drive.facts().sizeBytes(), Optional.of(identity), List.of(), List.of());
        }
        return EngineRemoteDrive.look(address, host, (facts, drive) -> looked(source, facts, drive));
    }

    /** A subsystem's name is its own in the whole world. */
    private static boolean sameNamespace(RemoteAddress a, RemoteAddress b) {
        return a.nqn().equals(b.nqn()) && a.nsid() == b.nsid();
    }

    private static DriveLook looked(DriveSource source, NamespaceFacts facts, BlockingDrive drive) {
        List<String> ours = new ArrayList<>();
        Optional<DriveLook.Identity> identity = DriveLooks.superblock(drive, ours);
        identity.map(DriveLooks::words).ifPresent(ours::add);
        List<String> contents = ours.isEmpty()
                ? DriveIdentification.contents(drive, List.of(DriveLooks::ours)).stream()
                        .map(Content::description)
                        .distinct()
                        .toList()
                : ours;
        return new DriveLook(source, true, facts.sizeBytes(), identity, contents, List.of());
    }

    /** Asks at the port for discovery and, when nobody is there and no other was named, at that of subsystems. */
    static DiscoveryInfo discover(String text, RemoteHost host) {
        RemoteAddress.Place place = RemoteAddress.Place.parse(text, 0);
        if (place.port() != 0) {
            return discovered(place, host);
        }
        try {
            return discovered(new RemoteAddress.Place(place.host(), Portal.DISCOVERY_PORT), host);
        } catch (ProblemException first) {
            try {
                return discovered(new RemoteAddress.Place(place.host(), Portal.PORT), host);
            } catch (ProblemException second) {
                second.addSuppressed(first);
                throw new ProblemException(
                        second.code(), "%s; %s".formatted(first.getMessage(), second.getMessage()), second);
            }
        }
    }

    private static DiscoveryInfo discovered(RemoteAddress.Place place, RemoteHost host) {
        try {
            List<DiscoveredInfo> found =
                    RemoteDiscovery.list(place.resolve(), host.identity(), DISCOVERY_LIMIT).stream()
                            .map(RemoteLooks::info)
                            .toList();
            return new DiscoveryInfo(place.text(), host.identity().nqn(), found);
        } catch (RemoteException e) {
            throw new ProblemException(ProblemCode.TARGET_REFUSED, String.valueOf(e.getMessage()), e);
        } catch (NativeException e) {
            throw new ProblemException(ProblemCode.TARGET_REFUSED, "%s: %s".formatted(place.text(), e.getMessage()), e);
        }
    }

    private static DiscoveredInfo info(DiscoveryEntry entry) {
        return new DiscoveredInfo(
                entry.subsystemNqn(), entry.kind(), entry.transport(), entry.address(), entry.service(), spec(entry));
    }

    /** What a person may type to claim it: of a target that may say anything, nothing that a shell or this program would take for something else. */
    static @Nullable String spec(DiscoveryEntry entry) {
        if (!entry.kind().equals("nvm") || !entry.transport().equals("tcp")) {
            return null;
        }
        String host = entry.address().indexOf(':') < 0 ? entry.address() : "[" + entry.address() + "]";
        String spec = RemoteAddress.SCHEME + host + ":" + entry.service() + "/" + entry.subsystemNqn();
        try {
            if (!PLAIN.matcher(spec).matches()) {
                return null;
            }
            RemoteAddress address = RemoteAddress.parse(spec);
            return entry.encrypted() ? address.encrypted().text() : address.text();
        } catch (ProblemException e) {
            LOG.log(Level.DEBUG, "{0} tells of what cannot be claimed: {1}", entry.address(), e.getMessage());
            return null;
        }
    }
}
