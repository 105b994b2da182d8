package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * {@code target-keys.json}: by which keys this host and the targets of remote drives show each other who they are. Replaced
 * atomically, readable by the daemon's user alone. Apart from the state, which may be shown to anybody.
 */
public final class TargetKeyFile {
    private static final String NAME = "target-keys.json";
    private static final int VERSION = 1;

    private final SecretFile file;
    private final JsonType<Content> json = Jsonb.builder().build().type(Content.class);

    /**
     * What is in the file.
     *
     * @param version of this layout
     */
    @Json
    record Content(int version, List<TargetKeyRecord> keys) {}

    /** @param directory that exists and is writable */
    public TargetKeyFile(Path directory) {
        this(directory, Disk.REAL);
    }

    TargetKeyFile(Path directory, Disk disk) {
        this.file = new SecretFile(directory, NAME, disk);
    }

    /**
     * What was saved last; nothing when nothing ever was.
     *
     * @throws StateFileException when it cannot be read or makes no sense: whoever guesses here trusts anybody
     */
    public List<TargetKeyRecord> load() {
        return file.load(
                        json,
                        VERSION,
                        Content::version,
                        TargetKeyFile::check,
                        "give the remote drives their keys again")
                .map(content -> List.copyOf(content.keys()))
                .orElse(List.of());
    }

    private static void check(Content content) {
        Set<String> subsystems = new HashSet<>();
        for (TargetKeyRecord record : content.keys()) {
            record.keys();
            if (!subsystems.add(record.subsystem())) {
                throw new IllegalArgumentException("two records of one subsystem");
            }
        }
    }

    /** @throws StateFileException as of {@link SecretFile#save} */
    public void save(List<TargetKeyRecord> keys) {
        file.save(json.toJsonPretty(new Content(VERSION, keys)));
    }
}
