package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.vnvme.control.model.Qos;
import java.util.List;
import java.util.UUID;

/**
 * The state of version 1, where a vNVMe was a range of a RAM drive: each drive that carried some becomes a pool, and the
 * vNVMes become volumes of it with the identifiers that their guests know.
 */
final class FirstVersion {
    private FirstVersion() {}

    @Json
    record Drive(String name, String kind, long sizeBytes, String claimedAt) {}

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
            String drive,
            long offsetBytes,
            long sizeBytes,
            boolean msi,
            String createdAt) {}

    @Json
    record Content(int version, List<Drive> drives, List<Vnvme> vnvmes) {}

    /** @throws IllegalArgumentException when it makes no sense */
    static State migrate(Content old) {
        State state = State.EMPTY;
        for (Drive drive : old.drives()) {
            if (!"ram".equals(drive.kind())) {
                throw new IllegalArgumentException("drive %s of kind %s".formatted(drive.name(), drive.kind()));
            }
            state = state.with(new ClaimedDrive(
                    drive.name(), UUID.randomUUID().toString(), "ram", "", drive.sizeBytes(), drive.claimedAt()));
            String name = drive.name();
            if (old.vnvmes().stream().anyMatch(v -> name.equals(v.drive()))) {
                state = state.with(new PoolRecord(
                        pool(name), UUID.randomUUID().toString(), "concat", List.of(List.of(name)), List.of()));
            }
        }
        for (Vnvme vnvme : old.vnvmes()) {
            state = state.with(new VnvmeRecord(
                    vnvme.name(),
                    vnvme.uuid(),
                    vnvme.nguid(),
                    vnvme.eui64(),
                    vnvme.nqn(),
                    vnvme.serial(),
                    vnvme.nsid(),
                    vnvme.blockSizeBytes(),
                    pool(String.valueOf(vnvme.drive())),
                    vnvme.sizeBytes(),
                    false,
                    false,
                    false,
                    null,
                    vnvme.msi(),
                    null,
                    vnvme.createdAt(),
                    Qos.NONE,
                    List.of(),
                    Access.USUAL,
                    null));
        }
        return state;
    }

    private static String pool(String drive) {
        return "pool-" + drive;
    }
}
