package io.vnvme.bench.demo;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.os.Mapping;

/** Writes a whole drive once, so that reads find memory behind it and not the one page of zeros. */
final class Filling {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final byte FILL = 0x5A;

    private Filling() {}

    static void fill(Drive drive) {
        try (Mapping buffer = Mapping.anonymous(CHUNK_BYTES, false)) {
            buffer.segment().fill(FILL);
            Io io = new Io((_, _) -> {});
            io.data().add(buffer.segment(), 0, CHUNK_BYTES);
            for (long offset = 0; offset + CHUNK_BYTES <= drive.sizeBytes(); offset += CHUNK_BYTES) {
                io.prepare(Io.WRITE, offset, CHUNK_BYTES, false);
                int status = drive.submit(io);
                if (status != IoStatus.OK) {
                    throw new IllegalStateException(drive.name() + " fails a write with status " + status);
                }
            }
        }
    }
}
