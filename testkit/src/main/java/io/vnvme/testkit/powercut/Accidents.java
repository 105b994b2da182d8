package io.vnvme.testkit.powercut;

import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.WriteFate;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * A drive that loses writes, or puts them where other data is: only data that has checksums, and only over such data. What
 * is written says whose it is, so that the model knows what may be wrong from then on.
 */
final class Accidents implements WriteFate {
    private static final int BLOCK = 4096;
    private static final int BLOCK_SECTORS = 8;
    private static final int SECTOR = 512;
    private static final int ONE_IN = 4;
    private static final int TRIES = 12;

    private final Model model;
    private final Requests requests;
    private final SplittableRandom random;
    private final Trace trace;
    private final boolean alone;
    private long count;

    /** @param alone there is no other copy: what is hit may be an error from then on */
    Accidents(Model model, Requests requests, SplittableRandom random, Trace trace, boolean alone) {
        this.model = model;
        this.requests = requests;
        this.random = random;
        this.trace = trace;
        this.alone = alone;
    }

    long count() {
        return count;
    }

    @Override
    public long of(PowerCutDrive drive, long offsetBytes, long lengthBytes, MemorySegment memory, long at) {
        if (lengthBytes % BLOCK != 0 || random.nextInt(ONE_IN) != 0) {
            return DONE;
        }
        for (long block = 0; block < lengthBytes; block += BLOCK) {
            if (requests.writing(stamp(memory, at + block)) == null) {
                return DONE;
            }
        }
        long target = random.nextBoolean() ? LOST : target(drive, offsetBytes, lengthBytes);
        if (target == DONE) {
            return DONE;
        }
        count++;
        trace.add(drive.name(), target == LOST ? "write lost" : "misdirected", offsetBytes, lengthBytes, 0);
        long moment = model.operations().nextMoment();
        for (long block = 0; alone && block < lengthBytes; block += BLOCK) {
            long stamp = stamp(memory, at + block);
            Content content = requests.writing(stamp);
            if (content != null) {
                content.hurt(Operations.sector(stamp), moment);
            }
            if (target >= 0) {
                model.hurt(stamp(drive.seen(), target + block), moment);
            }
        }
        if (target >= 0) {
            trace.add(drive.name(), "over what is", target, lengthBytes, 0);
        }
        return target;
    }

    /** Another place where there is data with checksums; {@link #DONE} when none is found soon. */
    private long target(PowerCutDrive drive, long offsetBytes, long lengthBytes) {
        long places = (drive.sizeBytes() - lengthBytes) / BLOCK;
        for (int i = 0; i < TRIES; i++) {
            long place = random.nextLong(places) * BLOCK;
            boolean beside = place >= offsetBytes + lengthBytes || place + lengthBytes <= offsetBytes;
            boolean data = beside;
            for (long block = 0; data && block < lengthBytes; block += BLOCK) {
                long stamp = stamp(drive.seen(), place + block);
                data = stamp != 0
                        && model.operations().guarded(model.operations().number(stamp))
                        && model.checked(stamp);
            }
            if (data) {
                return place;
            }
        }
        return DONE;
    }

    /** A stamp in a block that holds nothing but stamps and zeros; 0 when it is another block, or has none. */
    private static long stamp(MemorySegment memory, long at) {
        long found = 0;
        int place = -1;
        for (int i = 0; i < BLOCK_SECTORS; i++) {
            long first = at + (long) i * SECTOR;
            long stamp = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, first);
            for (int k = Long.BYTES; k < SECTOR; k += Long.BYTES) {
                if (memory.get(ValueLayout.JAVA_LONG_UNALIGNED, first + k) != stamp) {
                    return 0;
                }
            }
            if (stamp == 0) {
                continue;
            }
            int block = Operations.sector(stamp) / BLOCK_SECTORS;
            if (Operations.sector(stamp) % BLOCK_SECTORS != i || place >= 0 && block != place) {
                return 0;
            }
            place = block;
            // Of several the newest says who wrote the block.
            found = Math.max(found, stamp);
        }
        return found;
    }
}
