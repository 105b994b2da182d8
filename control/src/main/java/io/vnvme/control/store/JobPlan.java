package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.vnvme.control.model.Qos;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a job needs to go on after a restart, and how far it is for that: written anew with each mark that it makes. */
@Json(typeProperty = "kind")
@Json.SubType(type = JobPlan.Import.class, name = "import")
@Json.SubType(type = JobPlan.Export.class, name = "export")
@Json.SubType(type = JobPlan.Scrub.class, name = "scrub")
@Json.SubType(type = JobPlan.Shrink.class, name = "shrink")
@Json.SubType(type = JobPlan.Rebuild.class, name = "rebuild")
@Json.SubType(type = JobPlan.Move.class, name = "move")
@Json.SubType(type = JobPlan.Drain.class, name = "drain")
@Json.SubType(type = JobPlan.Migrate.class, name = "migrate")
public sealed interface JobPlan {
    /** Identity of the pool that it works on. */
    String pool();

    /** Identities of all pools that it needs. */
    default Set<String> pools() {
        return switch (this) {
            case Move plan -> Set.of(plan.pool(), plan.target());
            case Drain plan when plan.target() != null -> Set.of(plan.pool(), plan.target());
            case Migrate plan -> Set.copyOf(plan.all());
            case Import _, Export _, Scrub _, Shrink _, Rebuild _, Drain _ -> Set.of(pool());
        };
    }

    /** What it is, as the API says it. */
    default String kind() {
        return switch (this) {
            case Import _ -> "import";
            case Export _ -> "export";
            case Scrub _ -> "scrub";
            case Shrink _ -> "shrink";
            case Rebuild _ -> "rebuild";
            case Move _ -> "move";
            case Drain _ -> "drain";
            case Migrate _ -> "migrate";
        };
    }

    /** Whether the pool itself remembers the work: the daemon's end stops it there, and nothing has to be noted here. */
    default boolean inPool() {
        return this instanceof Shrink || this instanceof Rebuild;
    }

    /** Whether it begins anew after a restart, and nothing that was made before is kept for that. */
    default boolean beginsAgain() {
        return this instanceof Move || this instanceof Drain;
    }

    /** Identity of the unfinished volume, or the snapshot, that it cannot go on without. */
    default Optional<String> layer() {
        return switch (this) {
            case Import plan -> Optional.of(plan.volume());
            case Export plan -> Optional.of(plan.snapshot());
            // A move begins anew: what it has copied is not kept.
            case Scrub _, Shrink _, Rebuild _, Move _, Drain _, Migrate _ -> Optional.empty();
        };
    }

    private static void check(String pool, long doneBytes) {
        Objects.requireNonNull(pool, "no pool");
        if (doneBytes < 0) {
            throw new IllegalArgumentException("%d bytes are done".formatted(doneBytes));
        }
    }

    /**
     * A file becomes a volume.
     *
     * @param volume identity of the volume, which has an unfinished name until it is whole
     * @param file the image
     * @param format what it is
     * @param source the image as it was when this began
     * @param qos what the vNVMe will be limited to
     * @param encrypted whether the volume is
     * @param keyFile what opens it; absent: a passphrase, which is not kept
     * @param raw where the image is, or shall be, converted; absent: it is not, or need not be
     * @param doneBytes of the raw image: all before is in the volume and durable
     */
    @Json
    record Import(
            String pool,
            String volume,
            String file,
            String format,
            FileIdentity source,
            Qos qos,
            boolean encrypted,
            @Nullable String keyFile,
            @Nullable String raw,
            long doneBytes)
            implements JobPlan {
        public Import {
            check(pool, doneBytes);
            Objects.requireNonNull(volume, "no volume");
            Objects.requireNonNull(file, "no file");
            Objects.requireNonNull(format, "no format");
            Objects.requireNonNull(source, "no source");
            Objects.requireNonNull(qos, "no limits");
        }

        public Import converted(String converted) {
            return new Import(pool, volume, file, format, source, qos, encrypted, keyFile, converted, 0);
        }

        public Import done(long bytes) {
            return new Import(pool, volume, file, format, source, qos, encrypted, keyFile, raw, bytes);
        }
    }

    /**
     * A snapshot, or one that was taken for this alone, becomes a file.
     *
     * @param snapshot its identity
     * @param file to be made
     * @param format what it will be
     * @param encrypted whether the snapshot is
     * @param keyFile what opens it; absent: a passphrase, which is not kept
     * @param part the unfinished file; absent: there is none yet
     * @param doneBytes of the volume: all data before is in that file and durable
     */
    @Json
    record Export(
            String pool,
            String snapshot,
            String file,
            String format,
            boolean encrypted,
            @Nullable String keyFile,
            @Nullable FileIdentity part,
            long doneBytes)
            implements JobPlan {
        public Export {
            check(pool, doneBytes);
            Objects.requireNonNull(snapshot, "no snapshot");
            Objects.requireNonNull(file, "no file");
            Objects.requireNonNull(format, "no format");
        }

        public Export done(@Nullable FileIdentity unfinished, long bytes) {
            return new Export(pool, snapshot, file, format, encrypted, keyFile, unfinished, bytes);
        }
    }

    /**
     * Everything in a pool is read and checked.
     *
     * @param mark absent: at the beginning
     */
    @Json
    record Scrub(String pool, @Nullable ScrubMark mark) implements JobPlan {
        public Scrub {
            check(pool, 0);
        }
    }

    /**
     * A drive leaves its pool.
     *
     * @param drive its identity
     */
    @Json
    record Shrink(String pool, String drive) implements JobPlan {
        public Shrink {
            check(pool, 0);
            Objects.requireNonNull(drive, "no drive");
        }
    }

    /**
     * A drive of a mirror gets what it lacks.
     *
     * @param drive its identity
     */
    @Json
    record Rebuild(String pool, String drive) implements JobPlan {
        public Rebuild {
            check(pool, 0);
            Objects.requireNonNull(drive, "no drive");
        }
    }

    /**
     * A volume goes to another pool.
     *
     * @param target identity of that pool
     * @param volume identity of the volume
     * @param snapshots its snapshots go too
     */
    @Json
    record Move(String pool, String target, String volume, boolean snapshots) implements JobPlan {
        public Move {
            check(pool, 0);
            Objects.requireNonNull(target, "no target");
            Objects.requireNonNull(volume, "no volume");
        }
    }

    /**
     * All that is in a pool goes to others.
     *
     * @param target identity of the one that it goes to; absent: the one that has the most space then
     * @param snapshots snapshots go too
     */
    @Json
    record Drain(String pool, @Nullable String target, boolean snapshots) implements JobPlan {
        public Drain {
            check(pool, 0);
        }
    }

    /**
     * A VM goes to another host, with its vNVMes.
     *
     * @param pool identity of the pool of one of them
     * @param all identities of the pools of all
     * @param peer name of the daemon that it goes to
     * @param arrival what that one calls it; absent: it may not know of it yet
     * @param qmp path of the VM's QMP socket
     * @param vnvmes identities of what it has
     * @param running whether the VM ran
     */
    @Json
    record Migrate(
            String pool,
            List<String> all,
            String peer,
            @Nullable String arrival,
            String qmp,
            List<String> vnvmes,
            boolean running)
            implements JobPlan {
        public Migrate {
            check(pool, 0);
            Objects.requireNonNull(peer, "no peer");
            Objects.requireNonNull(qmp, "no VM");
            all = List.copyOf(Objects.requireNonNull(all, "no pools"));
            vnvmes = List.copyOf(Objects.requireNonNull(vnvmes, "no vNVMes"));
        }

        public Migrate expectedAs(String id) {
            return new Migrate(pool, all, peer, id, qmp, vnvmes, running);
        }
    }
}
