package io.vnvme.nvme;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.devicestate.DeviceStateWriter;
import io.vnvme.devicestate.Section;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Whose drive a controller shows: a state is taken up by no other. */
record ImageIdentity(String nqn, String serial, List<Shown> namespaces) {
    private static final String NAMESPACES = "namespaces";

    /** A namespace as its host knows it. */
    record Shown(int nsid, UUID uuid, long sizeBytes, int blockShift) {
        private static Shown of(Namespace namespace) {
            return new Shown(
                    namespace.nsid(),
                    namespace.identity().uuid(),
                    namespace.volume().sizeBytes(),
                    namespace.blockShift());
        }

        @Override
        public String toString() {
            return "namespace %d: %s, %d bytes in blocks of %d".formatted(nsid, uuid, sizeBytes, 1 << blockShift);
        }
    }

    static ImageIdentity of(Controller controller) {
        return new ImageIdentity(
                controller.subsystem().nqn(),
                controller.subsystem().serial(),
                controller.namespaces().all().stream().map(Shown::of).toList());
    }

    static ImageIdentity read(Section in) {
        String nqn = in.getText("bytes of the NQN", Subsystem.NQN_MAX);
        String serial = in.getText("bytes of the serial number", Subsystem.SERIAL_MAX);
        int count = in.getCount(NAMESPACES, ActiveNamespaces.NSID_MAX);
        List<Shown> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int nsid = in.getInt();
            int blockShift = in.getInt();
            UUID uuid = new UUID(in.getLong(), in.getLong());
            found.add(new Shown(nsid, uuid, in.getLong(), blockShift));
        }
        in.end();
        return new ImageIdentity(nqn, serial, found);
    }

    void write(DeviceStateWriter out) {
        out.putText(nqn);
        out.putText(serial);
        out.putInt(namespaces.size());
        for (Shown each : namespaces) {
            out.putInt(each.nsid());
            out.putInt(each.blockShift());
            out.putLong(each.uuid().getMostSignificantBits());
            out.putLong(each.uuid().getLeastSignificantBits());
            out.putLong(each.sizeBytes());
        }
    }

    /** @throws DeviceStateException when the controller shows another drive */
    void check(Controller controller) {
        ImageIdentity here = of(controller);
        differ("the subsystem", nqn, here.nqn());
        differ("the serial number", serial, here.serial());
        differ("what it shows", namespaces, here.namespaces());
    }

    /** Identifiers of namespaces that are here and not there, or there and not here, or not the same. */
    List<Integer> differing(Controller controller) {
        Set<Shown> differing = new HashSet<>(namespaces);
        for (Shown here : of(controller).namespaces()) {
            if (!differing.remove(here)) {
                differing.add(here);
            }
        }
        return differing.stream().map(Shown::nsid).distinct().sorted().toList();
    }

    private static void differ(String what, Object there, Object here) {
        if (!there.equals(here)) {
            throw new DeviceStateException("%s: the state is of %s, and here is %s".formatted(what, there, here));
        }
    }
}
