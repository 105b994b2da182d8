package io.vnvme.testkit.powercut;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The reads, writes and flushes of a workload, several under way at once, each checked when it ends. */
final class Requests {
    private static final int CLUSTER_SECTORS = 128;
    private static final int BLOCK_SECTORS = 8;

    private final Model model;
    private final Mix mix;
    private final SplittableRandom random;
    private final Trace trace;
    private final List<Request> requests = new ArrayList<>();
    /** Writes that ended in an error which was to be expected: they happened or not. */
    private final List<Request.Range> failed = new ArrayList<>();

    private int underWay;
    private long ended;
    private long failures;

    Requests(Model model, Mix mix, SplittableRandom random, Trace trace, Arena arena) {
        this.model = model;
        this.mix = mix;
        this.random = random;
        this.trace = trace;
        for (int i = 0; i < mix.requestsMax(); i++) {
            Request[] self = new Request[1];
            self[0] = new Request(arena, (_, status) -> end(self[0], status));
            requests.add(self[0]);
        }
    }

    int underWay() {
        return underWay;
    }

    /** Requests that ended so far. */
    long ended() {
        return ended;
    }

    /** Requests that ended in an error because of an accident. */
    long failures() {
        return failures;
    }

    /** Requests of that content under way. */
    boolean busy(Content content) {
        for (Request request : requests) {
            if (request.underWay && request.content == content) {
                return true;
            }
        }
        return false;
    }

    /** The power was cut: nobody waits for an answer any more. */
    void forget() {
        for (int i = 0; i < requests.size(); i++) {
            Request old = requests.get(i);
            if (old.underWay) {
                // The dead store may still refer to it.
                Request[] self = new Request[1];
                self[0] = new Request(Arena.ofAuto(), (_, status) -> end(self[0], status));
                requests.set(i, self[0]);
            }
        }
        underWay = 0;
        failed.clear();
    }

    /** Starts one on that volume or snapshot, if there is room and nothing clashes. */
    void start(Store store, String name, Named named) {
        Request request = idle();
        if (request == null) {
            return;
        }
        int kind = mix.request(random);
        Volume volume = store.volume(name);
        request.name = name;
        request.content = named.content();
        request.operation = 0;
        request.guarded = store.guarded(name);
        if (kind == Mix.FLUSH) {
            request.first = 0;
            request.count = 0;
            submit(request, volume, Io.FLUSH, false);
            return;
        }
        choose(request, named.sectors(), volume.blockSizeBytes() / 512);
        boolean reads = kind == Mix.READ;
        if (!reads) {
            for (Request other : requests) {
                if (other.operation != 0 && other.touches(named.content(), request.first, request.count)) {
                    return;
                }
            }
        }
        switch (kind) {
            case Mix.READ -> read(request, volume);
            case Mix.WRITE -> write(request, volume, Io.WRITE, false);
            case Mix.WRITE_FUA -> write(request, volume, Io.WRITE, true);
            case Mix.ZEROES -> write(request, volume, Io.WRITE_ZEROES, random.nextInt(4) == 0);
            case Mix.DEALLOCATE -> write(request, volume, Io.DEALLOCATE, false);
            default -> throw new IllegalStateException("kind " + kind);
        }
    }

    private @Nullable Request idle() {
        for (Request request : requests) {
            if (!request.underWay) {
                return request;
            }
        }
        return null;
    }

    /** A range: one block, a few, whole blocks of 4 KiB, whole clusters, or anything. */
    private void choose(Request request, int sectors, int unit) {
        int count;
        int align = unit;
        switch (random.nextInt(8)) {
            case 0 -> count = unit;
            case 1, 2 -> count = unit * (1 + random.nextInt(16));
            case 3, 4 -> {
                align = Math.max(unit, 8);
                count = align * (1 + random.nextInt(4));
            }
            case 5 -> {
                align = CLUSTER_SECTORS;
                count = CLUSTER_SECTORS * (1 + random.nextInt(3));
            }
            case 6 -> count = CLUSTER_SECTORS + unit * random.nextInt(CLUSTER_SECTORS);
            default -> count = unit * (1 + random.nextInt(CLUSTER_SECTORS));
        }
        count = Math.min(Math.min(count, Request.SECTORS_MAX), sectors);
        count -= count % unit;
        int first = random.nextInt(sectors - count + 1);
        first -= first % align;
        request.first = first;
        request.count = count;
    }

    private void read(Request request, Volume volume) {
        Operations operations = model.operations();
        for (int i = 0; i < request.count; i++) {
            request.seen[i] = request.content.visible(operations, request.first + i);
        }
        request.clearBeside();
        for (Request other : requests) {
            if (other.operation != 0 && other.touches(request.content, request.first, request.count)) {
                request.addBeside(other.operation, other.first, other.count);
            }
        }
        for (Request.Range range : failed) {
            if (request.touches(range)) {
                request.addBeside(range.operation(), range.first(), range.count());
            }
        }
        request.addMemory(random.nextInt(4) == 0);
        submit(request, volume, Io.READ, false);
    }

    private void write(Request request, Volume volume, int operation, boolean forceUnitAccess) {
        request.operation = model.operations().begin(operation != Io.WRITE, request.guarded);
        request.content.begin(request.operation, request.first, request.count);
        for (Request other : requests) {
            if (other.reads() && other.touches(request.content, request.first, request.count)) {
                other.addBeside(request.operation, request.first, request.count);
            }
        }
        request.io.data().clear();
        if (operation == Io.WRITE) {
            request.fillStamps();
            request.addMemory(random.nextInt(4) == 0);
        }
        submit(request, volume, operation, forceUnitAccess);
    }

    private void submit(Request request, Volume volume, int operation, boolean forceUnitAccess) {
        request.moment = model.operations().nextMoment();
        request.underWay = true;
        underWay++;
        if (operation == Io.FLUSH) {
            request.io.data().clear();
        }
        request.io.prepare(operation, request.first * 512L, request.count * 512L, forceUnitAccess);
        trace.add(
                request.name,
                word(operation, forceUnitAccess),
                request.first * 512L,
                request.count * 512L,
                request.operation);
        int status = volume.submit(request.io);
        if (status != IoStatus.PENDING) {
            end(request, status);
        }
    }

    private static String word(int operation, boolean forceUnitAccess) {
        return switch (operation) {
            case Io.READ -> "READ";
            case Io.WRITE -> forceUnitAccess ? "WRITE FUA" : "WRITE";
            case Io.FLUSH -> "FLUSH";
            case Io.WRITE_ZEROES -> forceUnitAccess ? "ZEROES FUA" : "ZEROES";
            default -> "DEALLOCATE";
        };
    }

    private void end(Request request, int status) {
        if (!request.underWay) {
            throw new AssertionError("a request of %s was completed twice".formatted(request.name));
        }
        request.underWay = false;
        underWay--;
        ended++;
        Io io = request.io;
        trace.add(
                request.name,
                status == IoStatus.OK ? "done" : "FAILED",
                request.first * 512L,
                request.count * 512L,
                request.operation);
        if (status != IoStatus.OK && mayFail(request)) {
            failures++;
            if (request.operation != 0) {
                failed.add(new Request.Range(request.content, request.operation, request.first, request.count));
            }
            return;
        }
        if (status != IoStatus.OK) {
            throw new AssertionError("%s of %s, %d sectors at %d, ended with status %d"
                    .formatted(word(io.operation(), false), request.name, request.count, request.first, status));
        }
        if (request.operation != 0) {
            model.operations().end(request.operation);
            if (io.forceUnitAccess()) {
                request.content.durable(request.operation, request.first, request.count);
            }
        } else if (request.count == 0) {
            request.content.flushed(model.operations(), request.moment);
        } else {
            verify(request);
        }
    }

    /** Whether a request reads a block, or a part of one that it leaves as it is, to which an accident happened. */
    private boolean mayFail(Request request) {
        Content content = request.content;
        int end = request.first + request.count;
        Operations operations = model.operations();
        if (request.reads()) {
            return content.hurt(operations, request.first, end);
        }
        return request.first % BLOCK_SECTORS != 0 && content.hurt(operations, request.first, request.first + 1)
                || end % BLOCK_SECTORS != 0 && content.hurt(operations, end - 1, end);
    }

    /** The volume with checksums of which a write under way left that stamp. */
    @Nullable
    Content writing(long stamp) {
        int number = model.operations().number(stamp);
        for (Request request : requests) {
            if (request.underWay && request.guarded && number > 0 && request.operation == number) {
                return request.content;
            }
        }
        return null;
    }

    private void verify(Request request) {
        for (int i = 0; i < request.count; i++) {
            long stamp = request.stampRead(i);
            int sector = request.first + i;
            boolean right = request.readable(i, stamp);
            if (!right) {
                throw new AssertionError("%s: sector %d read as %s, not %s"
                        .formatted(
                                request.name,
                                sector,
                                stamp == -1 ? "a mixture" : Operations.describe(stamp),
                                Operations.describe(Operations.stamp(request.seen[i], sector))));
            }
        }
    }
}
