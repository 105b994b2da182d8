package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code peers.json}: which other daemons there are, and the tokens that let this one in there. Replaced atomically, readable by
 * the daemon's user alone.
 */
public final class PeerFile {
    private static final String NAME = "peers.json";
    private static final int VERSION = 1;

    private final SecretFile file;
    private final JsonType<Content> json = Jsonb.builder().build().type(Content.class);

    /**
     * What is in the file.
     *
     * @param version of this layout
     */
    @Json
    record Content(int version, List<PeerRecord> peers) {}

    /** @param directory that exists and is writable */
    public PeerFile(Path directory) {
        this(directory, Disk.REAL);
    }

    PeerFile(Path directory, Disk disk) {
        this.file = new SecretFile(directory, NAME, disk);
    }

    /**
     * What was saved last; nothing when nothing ever was.
     *
     * @throws StateFileException when it cannot be read or makes no sense: whoever guesses here sends VMs to anybody
     */
    public List<PeerRecord> load() {
        return file.load(json, VERSION, Content::version, PeerFile::check, "add the peers again")
                .map(content -> List.copyOf(content.peers()))
                .orElse(List.of());
    }

    private static void check(Content content) {
        Set<String> names = new HashSet<>();
        for (PeerRecord peer : content.peers()) {
            if (Stream.of(peer.name(), peer.address(), peer.fingerprint(), peer.token())
                            .anyMatch(PeerFile::missing)
                    || !names.add(peer.name())) {
                throw new IllegalArgumentException("a peer without something, or twice");
            }
        }
    }

    private static boolean missing(@Nullable String text) {
        return text == null || text.isBlank();
    }

    /** @throws StateFileException as of {@link SecretFile#save} */
    public void save(List<PeerRecord> peers) {
        file.save(json.toJsonPretty(new Content(VERSION, peers)));
    }
}
