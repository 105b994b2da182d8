package io.vnvme.control.service;

import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.VolumeSpec;
import io.vnvme.control.store.VnvmeRecord;

/** Volumes that come from another daemon with their VM, and those that have gone to one. */
final class MigratedVolumes {
    private final Registry registry;
    private final OpenPools pools;
    private final Exports exports;
    private final Keys keys;
    private final Volumes volumes;

    MigratedVolumes(Registry registry, OpenPools pools, Exports exports, Keys keys, Volumes volumes) {
        this.registry = registry;
        this.pools = pools;
        this.exports = exports;
        this.keys = keys;
        this.volumes = volumes;
    }

    /**
     * A volume that comes from elsewhere, with an unfinished name, is served: to the host that writes it, and to the VM that
     * waits for it.
     *
     * @param vm that it comes with
     * @return held as on its way here
     */
    Moving.Held expect(VolumeSpec spec, VnvmeRecord vnvme, OpenPool pool, String vm) {
        return registry.exclusively(() -> {
            volumes.checkFree(vnvme.name(), pool);
            Volumes.checkThick(vnvme.thick(), vnvme.sizeBytes(), pool.name(), pool);
            String unfinished = spec.name();
            try (Steps steps = new Steps("expect " + vnvme.name())) {
                Moving.Held[] held = new Moving.Held[1];
                steps.run(
                        "hold name",
                        () -> held[0] = volumes.moving().beginMigration(vnvme.name(), pool.name(), vm),
                        () -> held[0].close());
                steps.run(
                        "make volume",
                        () -> HostFailure.shown(
                                "%s could not be made in pool %s".formatted(vnvme.name(), pool.name()),
                                () -> pool.create(spec, null)),
                        () -> pool.remove(unfinished));
                steps.run("serve", () -> exports.serve(vnvme, unfinished, pool), () -> exports.end(vnvme.name()));
                steps.done();
                return held[0];
            }
        });
    }

    /** It is another daemon's now, with all that is in it: nothing of it is left here. */
    void gone(String name) {
        registry.exclusively(() -> {
            VnvmeRecord vnvme = volumes.require(name);
            OpenPool pool = pools.require(vnvme.pool());
            exports.end(name);
            exports.failed(name, "another daemon has it, and what is left here is to be removed");
            HostFailure.shown("%s could not be removed".formatted(name), () -> pool.remove(name));
            registry.update(state -> state.withoutVnvme(name));
            exports.end(name);
            keys.forget(vnvme.uuid());
            return name;
        });
    }

    /** Serves what was given to another daemon, which has not taken it. */
    void takenBack(String name) {
        registry.exclusively(() -> {
            VnvmeRecord vnvme = volumes.require(name).given(null);
            registry.update(state -> state.with(vnvme));
            if (exports.find(name).isEmpty()) {
                exports.serveOrNote(vnvme, pools.require(vnvme.pool()));
            }
            return name;
        });
    }
}
