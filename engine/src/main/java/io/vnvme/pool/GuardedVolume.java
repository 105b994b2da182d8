package io.vnvme.pool;

import io.vnvme.crypto.AesXts;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import io.vnvme.reactor.WaitMeter;
import io.vnvme.volume.Volume;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A volume whose blocks are encrypted, or have checksums, or both.
 *
 * <p>Data goes through memory of the pool's own, in whole blocks of 4 KiB: a guest may change its buffer while a write is
 * under way, which would make a checksum wrong, and may take it away, which libcrypto cannot survive. What is summed is
 * what lies on the drive, so that a scrub needs no key. Requests that overlap wait for each other when one of them writes.
 */
public final class GuardedVolume implements Volume, AutoCloseable {
    private final Pool pool;
    private final PoolVolume volume;
    private final @Nullable AesXts cipher;
    private final List<GuardedIo> underWay = new ArrayList<>();
    private final ArrayDeque<GuardedIo> spare = new ArrayDeque<>();
    private ArrayDeque<Io> waiting = new ArrayDeque<>();
    private long mismatches;
    private boolean closing;

    private GuardedVolume(Pool pool, PoolVolume volume, @Nullable AesXts cipher) {
        this.pool = pool;
        this.volume = volume;
        this.cipher = cipher;
    }

    /**
     * Puts what a volume needs between it and all its users: what overlaps has to meet, so there is one for each volume. On the
     * pool's reactor.
     *
     * @param key of an encrypted volume; null for one that is not, or that has been unlocked already. Not needed any more
     *     afterwards
     * @return the volume itself when it needs nothing
     * @throws IllegalStateException when it is in use without that key: as if it were not encrypted
     */
    public static Volume of(Pool pool, PoolVolume volume, @Nullable VolumeKey key) {
        GuardedVolume there = volume.guard();
        if (there != null) {
            return requireCipher(there, key != null);
        }
        if (key == null && !volume.record().checksums()) {
            return volume;
        }
        return put(pool, volume, key == null ? null : new AesXts(key, Geometry.BLOCK_BYTES));
    }

    /** What was opened as if it were not encrypted must not seem to be: data would lie there in the open. */
    private static GuardedVolume requireCipher(GuardedVolume there, boolean encrypted) {
        if (encrypted && there.cipher == null) {
            throw new IllegalStateException("volume %s is in use without its key".formatted(there.volume.name()));
        }
        return there;
    }

    /**
     * The same for a volume that is to hold what another holds.
     *
     * @param cipher by {@link #cipherOf} the other, which becomes this one's; nothing when that is not encrypted
     * @throws IllegalStateException when it is in use without a key and shall have one
     */
    public static Volume like(Pool pool, PoolVolume volume, Optional<AesXts> cipher) {
        if (volume.guard() == null && cipher.isPresent()) {
            return put(pool, volume, cipher.get());
        }
        cipher.ifPresent(AesXts::close);
        GuardedVolume there = volume.guard();
        return there == null ? of(pool, volume, null) : requireCipher(there, cipher.isPresent());
    }

    /**
     * What encrypts a volume, once more, for one that is to hold the same. On the pool's reactor.
     *
     * @return nothing when it was opened without a key, or not at all
     */
    public static Optional<AesXts> cipherOf(PoolVolume volume) {
        return Optional.ofNullable(volume.guard()).map(there -> there.cipher).map(AesXts::copy);
    }

    private static GuardedVolume put(Pool pool, PoolVolume volume, @Nullable AesXts cipher) {
        GuardedVolume made = new GuardedVolume(pool, volume, cipher);
        volume.guard(made);
        return made;
    }

    Pool pool() {
        return pool;
    }

    PoolVolume volume() {
        return volume;
    }

    @Nullable
    AesXts cipher() {
        return cipher;
    }

    boolean checksums() {
        return volume.record().checksums();
    }

    /** Blocks that were not what their checksum says, since this was made. */
    public long mismatches() {
        return mismatches;
    }

    void mismatch() {
        mismatches++;
    }

    @Override
    public long sizeBytes() {
        return volume.sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return volume.blockSizeBytes();
    }

    @Override
    public int physicalBlockBytes() {
        return volume.physicalBlockBytes();
    }

    @Override
    public int optimalWriteBytes() {
        return volume.optimalWriteBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return volume.volatileWriteCache();
    }

    @Override
    public boolean synchronous() {
        return volume.synchronous();
    }

    @Override
    public WaitMeter space() {
        return volume.space();
    }

    @Override
    public int submit(Io io) {
        if (io.operation() == Io.FLUSH) {
            return volume.submit(io);
        }
        if (io.operation() < Io.READ || io.operation() > Io.DEALLOCATE) {
            return IoStatus.UNSUPPORTED;
        }
        if (closing) {
            return IoStatus.GONE;
        }
        if (inTheWay(io)) {
            waiting.add(io);
            return IoStatus.PENDING;
        }
        GuardedIo guarded = spare.poll();
        if (guarded == null) {
            guarded = new GuardedIo(this);
        }
        underWay.add(guarded);
        return guarded.run(io);
    }

    private boolean inTheWay(Io io) {
        boolean changes = PoolChecksums.changes(io.operation());
        long first = io.offsetBytes() >>> Geometry.BLOCK_SHIFT;
        long last = (io.offsetBytes() + io.lengthBytes() - 1) >>> Geometry.BLOCK_SHIFT;
        for (int i = 0; i < underWay.size(); i++) {
            GuardedIo other = underWay.get(i);
            if ((changes || other.changes()) && other.overlaps(first, last)) {
                return true;
            }
        }
        return false;
    }

    /** Whether checksums of blocks {@code first} to {@code last} may be older than the data that is on the drive. */
    boolean summing(long first, long last) {
        for (GuardedIo guarded : underWay) {
            if (guarded.summing() && guarded.overlaps(first, last)) {
                return true;
            }
        }
        return false;
    }

    /** A request is over; those that waited for it go on. */
    void ended(GuardedIo guarded) {
        underWay.remove(guarded);
        spare.add(guarded);
        forgetWhenQuiet();
    }

    void resume() {
        if (waiting.isEmpty()) {
            return;
        }
        ArrayDeque<Io> again = waiting;
        waiting = new ArrayDeque<>();
        for (Io io = again.poll(); io != null; io = again.poll()) {
            int status = submit(io);
            if (status != IoStatus.PENDING) {
                io.complete(status);
            }
        }
    }

    /** Takes no more requests, and forgets the key when those that are under way have ended. */
    @Override
    public void close() {
        closing = true;
        volume.guard(null);
        forgetWhenQuiet();
    }

    /** True when no key is in memory. */
    public boolean keyless() {
        AesXts with = cipher;
        return with == null || with.closed();
    }

    private void forgetWhenQuiet() {
        AesXts with = cipher;
        if (closing && with != null && underWay.isEmpty()) {
            with.close();
        }
    }
}
