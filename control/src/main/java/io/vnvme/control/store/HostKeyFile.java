package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * {@code host-keys.json}: by which keys hosts show who they are, and where they have to. Replaced atomically, readable by the daemon's user
 * alone. Apart from the state, which may be shown to anybody.
 */
public final class HostKeyFile {
    private static final String NAME = "host-keys.json";
    private static final int VERSION = 1;

    private final SecretFile file;
    private final JsonType<Content> json = Jsonb.builder().build().type(Content.class);

    /**
     * What is in the file.
     *
     * @param version of this layout
     */
    @Json
    public record Content(int version, List<HostDemand> demands, List<HostKeyRecord> keys) {
        public static final Content NONE = new Content(List.of(), List.of());

        public Content(List<HostDemand> demands, List<HostKeyRecord> keys) {
            this(VERSION, List.copyOf(demands), List.copyOf(keys));
        }
    }

    /** @param directory that exists and is writable */
    public HostKeyFile(Path directory) {
        this(directory, Disk.REAL);
    }

    HostKeyFile(Path directory, Disk disk) {
        this.file = new SecretFile(directory, NAME, disk);
    }

    /**
     * What was saved last; nothing when nothing ever was.
     *
     * @throws StateFileException when it cannot be read or makes no sense: whoever guesses here lets somebody in
     */
    public Content load() {
        return file.load(json, VERSION, Content::version, HostKeyFile::check, "give the hosts new keys")
                .map(content -> new Content(content.demands(), content.keys()))
                .orElse(Content.NONE);
    }

    private static void check(Content content) {
        Set<String> pairs = new HashSet<>();
        for (HostKeyRecord key : content.keys()) {
            key.terms();
            key.tlsKey();
            require(HostNqn.valid(key.host()) && pairs.add(key.subsystem() + " " + key.host()));
        }
        Set<String> demanding = new HashSet<>();
        for (HostDemand demand : content.demands()) {
            require(Demand.of(demand.demand()).isPresent() && demanding.add(demand.subsystem()));
        }
    }

    private static void require(boolean condition) {
        if (!condition) {
            throw new IllegalArgumentException("keys of nobody, or twice");
        }
    }

    /**
     * Makes {@code content} what the next {@link #load} returns, through any crash.
     *
     * @throws StateFileException as of {@link SecretFile#save}
     */
    public void save(Content content) {
        file.save(json.toJsonPretty(content));
    }
}
