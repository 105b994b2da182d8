package io.vnvme.control.plane;

import io.vnvme.control.model.DiffRange;
import io.vnvme.control.store.ScrubMark;
import io.vnvme.crypto.VolumeKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A pool that is in use. Changes are durable when a call returns; those that take long report their progress, go on after a
 * restart where the pool remembers them, and end early with a {@link java.util.concurrent.CancellationException} when asked.
 */
public interface OpenPool {
    UUID id();

    String name();

    /** Sizes, drives, what is the matter. */
    PoolFacts facts();

    /** Volumes and snapshots, parents before children. */
    List<LayerFacts> layers();

    /** Space that volumes and snapshots take, by name; those that are not there are left out. */
    Map<String, LayerUsage> usages(List<String> names);

    /** @param key encrypts the volume; absent: it is not encrypted */
    void create(VolumeSpec spec, @Nullable VolumeKey key);

    /** Gives an encrypted volume, and the snapshots that it has its key in common with, the key. */
    void unlock(String volume, VolumeKey key);

    /** @param snapshot {@code VOLUME@NAME} */
    default void snapshot(String volume, String snapshot) {
        snapshot(volume, snapshot, UUID.randomUUID(), Instant.now());
    }

    /**
     * The same, of one that was taken elsewhere.
     *
     * @param snapshot {@code VOLUME@NAME}
     */
    void snapshot(String volume, String snapshot, UUID id, Instant takenAt);

    /**
     * Begins to copy a snapshot into a volume of another pool that nobody uses. It is whole and durable there when it was
     * {@linkplain VolumeMove#switchOver switched}.
     *
     * @param volume name of a volume there, of the snapshot's size, that holds nothing, or what {@code since} holds
     * @param since an earlier snapshot of the same volume
     */
    VolumeMove copySnapshot(String snapshot, Optional<String> since, OpenPool target, String volume);

    /** @param source a snapshot */
    void cloneOf(String source, String name, UUID id, byte[] attributes);

    void remove(String name);

    void rollback(String volume, String snapshot);

    /** Renames a volume, with its snapshots. */
    void rename(String volume, String name);

    /** @throws ProblemException when it shrinks over data */
    void resize(String volume, long sizeBytes, boolean shrink);

    void setAttributes(String volume, byte[] attributes);

    /** @param milliseconds how long writes wait for space; {@link Long#MAX_VALUE}: until there is some */
    void holdWrites(long milliseconds);

    /** The ranges in which {@code to} may differ from {@code from}; from nothing when that is absent. */
    List<DiffRange> diff(Optional<String> from, String to);

    /**
     * A volume or snapshot for the control plane's own reading and writing; closed by who asked.
     *
     * @param key of an encrypted snapshot; a volume has been unlocked, or is not encrypted
     */
    VolumeIo open(String name, @Nullable VolumeKey key);

    /** Adds sets of open drives that are in no pool. */
    void grow(List<List<UUID>> sets);

    /** Moves everything off the set with that drive, and takes it out of the pool. */
    void shrink(UUID drive, Progress progress);

    /** Puts a drive in the place of another in its mirror and fills it. */
    void replace(UUID old, UUID replacement, Progress progress);

    /** A missing replica is open again: takes it back and gives it what differs. */
    void rejoin(UUID drive, Progress progress);

    /** Long work that a restart interrupted and that goes on when it is asked for: by drive, {@code shrink} or {@code rebuild}. */
    Map<UUID, String> interrupted();

    /**
     * Reads everything and checks what can be checked.
     *
     * @param from where an earlier one was; empty: at the beginning
     * @param marks told from where another can go on, when that is due
     * @return one line for people
     */
    String scrub(Optional<ScrubMark> from, Progress progress, Consumer<ScrubMark> marks);

    /** Everything to the drives; then it is no longer in use. */
    void close();
}
