package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Home;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A volume's bytes for the control plane: requests of its own on the pool's reactor, one after the other. */
final class EngineVolumeIo implements VolumeIo {
    private final Home home;
    private final Volume volume;
    private final Runnable whenClosed;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(LENGTH_MAX, 4096);
    private final Io io = new Io((_, status) -> ended(status));
    private volatile @Nullable CompletableFuture<Integer> waiting;

    /** @param whenClosed gives back what was made for this alone */
    EngineVolumeIo(Home home, Volume volume, Runnable whenClosed) {
        this.home = home;
        this.volume = volume;
        this.whenClosed = whenClosed;
    }

    @Override
    public long sizeBytes() {
        return volume.sizeBytes();
    }

    @Override
    public void read(long offsetBytes, ByteBuffer target) {
        int length = target.remaining();
        run(Io.READ, offsetBytes, length);
        target.put(memory.asSlice(0, length).asByteBuffer());
    }

    @Override
    public void write(long offsetBytes, ByteBuffer source) {
        int length = source.remaining();
        memory.asSlice(0, length).asByteBuffer().put(source);
        run(Io.WRITE, offsetBytes, length);
    }

    @Override
    public void deallocate(long offsetBytes, long lengthBytes) {
        run(Io.DEALLOCATE, offsetBytes, lengthBytes);
    }

    @Override
    public void flush() {
        run(Io.FLUSH, 0, 0);
    }

    private void run(int operation, long offsetBytes, long lengthBytes) {
        CompletableFuture<Integer> end = new CompletableFuture<>();
        waiting = end;
        home.execute(() -> {
            io.prepare(operation, offsetBytes, lengthBytes, false);
            io.data().clear();
            if (operation == Io.READ || operation == Io.WRITE) {
                io.data().add(memory, 0, lengthBytes);
            }
            int status = volume.submit(io);
            if (status != IoStatus.PENDING) {
                ended(status);
            }
        });
        int status = end.join();
        if (status != IoStatus.OK) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED,
                    "the volume cannot be %s at byte %d: %s"
                            .formatted(operation == Io.READ ? "read" : "written", offsetBytes, words(status)));
        }
    }

    private static String words(int status) {
        return switch (status) {
            case IoStatus.READ_ERROR -> "its drive reports an error";
            case IoStatus.WRITE_ERROR -> "its drive or its pool refuses writes";
            case IoStatus.NO_SPACE -> "its pool is full";
            case IoStatus.GONE -> "it was removed, or its drive is gone";
            default -> "status " + status;
        };
    }

    private void ended(int status) {
        CompletableFuture<Integer> end = waiting;
        if (end != null) {
            end.complete(status);
        }
    }

    @Override
    public void close() {
        arena.close();
        whenClosed.run();
    }
}
