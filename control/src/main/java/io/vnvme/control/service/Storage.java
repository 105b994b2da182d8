package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.store.OpeningMarks;
import java.nio.file.Path;
import java.util.List;

/** Drives, pools and volumes over one state and one data plane, put together. */
final class Storage {
    final OpenDrives openDrives;
    final OpenPools openPools;
    final Exports exports;
    final Keys keys;
    final Volumes volumes;
    final MigratedVolumes migrated;
    final Drives drives;
    final Pools pools;
    final PoolChoice poolChoice;

    /** @param socketRoot folder that gets a folder for each vNVMe */
    Storage(
            Registry registry,
            DataPlane dataPlane,
            EventLog events,
            Jobs jobs,
            RemoteKeys remoteKeys,
            List<RamOffer> offers,
            Path socketRoot,
            OpeningMarks marks) {
        openDrives = new OpenDrives(registry, dataPlane, events);
        openPools = new OpenPools(registry, dataPlane, openDrives, events, marks);
        exports = new Exports(dataPlane, new SocketFolders(socketRoot));
        keys = new Keys(dataPlane.keptKeys());
        volumes = new Volumes(registry, openPools, exports, keys, jobs);
        migrated = new MigratedVolumes(registry, openPools, exports, keys, volumes);
        drives = new Drives(registry, dataPlane, openDrives, offers, remoteKeys);
        pools = new Pools(registry, dataPlane, openDrives, openPools, volumes, jobs);
        poolChoice =
                new PoolChoice(registry, openPools, openDrives, pools, new DrainTargets(registry, openPools, jobs));
    }
}
