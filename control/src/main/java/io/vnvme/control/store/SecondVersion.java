package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.vnvme.control.model.Qos;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The state of version 2, which knew no quality of service: nothing is limited, and there are no groups. */
final class SecondVersion {
    private SecondVersion() {}

    @Json
    record Vnvme(
            String name,
            String uuid,
            String nguid,
            String eui64,
            String nqn,
            String serial,
            int nsid,
            int blockSizeBytes,
            String pool,
            long sizeBytes,
            boolean thick,
            boolean checksum,
            boolean encrypted,
            @Nullable String keyFile,
            boolean msi,
            String createdAt) {
        VnvmeRecord migrated() {
            return new VnvmeRecord(
                    name,
                    uuid,
                    nguid,
                    eui64,
                    nqn,
                    serial,
                    nsid,
                    blockSizeBytes,
                    pool,
                    sizeBytes,
                    thick,
                    checksum,
                    encrypted,
                    keyFile,
                    msi,
                    null,
                    createdAt,
                    Qos.NONE,
                    List.of(),
                    Access.USUAL,
                    null);
        }
    }

    @Json
    record Content(
            int version,
            List<ClaimedDrive> drives,
            List<PoolRecord> pools,
            List<Vnvme> vnvmes,
            List<ExportedPool> exported) {}

    static State migrate(Content old) {
        return new State(
                State.VERSION,
                old.drives(),
                old.pools(),
                old.vnvmes().stream().map(Vnvme::migrated).toList(),
                old.exported(),
                List.of(),
                List.of());
    }
}
