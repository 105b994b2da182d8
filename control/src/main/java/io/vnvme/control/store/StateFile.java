package io.vnvme.control.store;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code state.json}: the only place where desired state is kept.
 *
 * <p>A file that is damaged, or of a later version, is never written over: {@link #load} refuses and the daemon does
 * not start. One of an earlier version is read, and replaced with the first change.
 */
public final class StateFile {
    private static final String NAME = "state.json";

    private final Path directory;
    private final Path file;
    private final Path draft;
    private final Disk disk;
    private final Jsonb jsonb = Jsonb.builder().build();
    private final JsonType<State> states = jsonb.type(State.class);

    /** @param directory that exists and is writable */
    public StateFile(Path directory) {
        this(directory, Disk.REAL);
    }

    StateFile(Path directory, Disk disk) {
        this.directory = directory;
        this.file = directory.resolve(NAME);
        this.draft = directory.resolve(NAME + ".new");
        this.disk = disk;
    }

    public Path path() {
        return file;
    }

    /**
     * What was saved last; nothing when nothing ever was.
     *
     * @throws StateFileException when the file cannot be read, makes no sense, or is of a later version
     */
    public State load() {
        String text;
        try {
            if (Files.notExists(file)) {
                return State.EMPTY;
            }
            text = Files.readString(file);
        } catch (IOException e) {
            throw new StateFileException(
                    "%s cannot be read (%s): check that it is text and its permissions".formatted(file, e.getMessage()),
                    e);
        }
        int version = version(text);
        try {
            State state = switch (version) {
                case 1 ->
                    FirstVersion.migrate(jsonb.type(FirstVersion.Content.class).fromJson(text));
                case 2 ->
                    SecondVersion.migrate(
                            jsonb.type(SecondVersion.Content.class).fromJson(text));
                case 3, 4, 5 -> states.fromJson(text).current();
                default -> states.fromJson(text);
            };
            StateCheck.check(state);
            return state;
        } catch (RuntimeException e) {
            throw damaged(e.getMessage(), e);
        }
    }

    private int version(String text) {
        Object parsed;
        try {
            parsed = jsonb.type(Object.class).fromJson(text);
        } catch (RuntimeException e) {
            throw damaged(e.getMessage(), e);
        }
        if (!(parsed instanceof Map<?, ?> map) || !(map.get("version") instanceof Number version)) {
            throw damaged("it has no version", null);
        }
        if (version.intValue() > State.VERSION) {
            throw new StateFileException(
                    "%s has version %d, this daemon knows up to %d: start the newer vnvme that wrote it"
                            .formatted(file, version.intValue(), State.VERSION));
        }
        if (version.intValue() < 1) {
            throw damaged("version " + version, null);
        }
        return version.intValue();
    }

    private StateFileException damaged(@Nullable String why, @Nullable Throwable cause) {
        String message =
                "%s is damaged (%s): it was left alone; restore it from a backup, or move it away to start with nothing"
                        .formatted(file, String.valueOf(why).lines().findFirst().orElse("unknown"));
        return cause == null ? new StateFileException(message) : new StateFileException(message, cause);
    }

    /**
     * Makes {@code state} what the next {@link #load} returns, through any crash.
     *
     * @throws StateFileException when it could not; the file then is the old one, unless the failure came after the
     *     replacement, when either may survive a power cut
     */
    public void save(State state) {
        byte[] content = (states.toJsonPretty(state) + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            disk.write(draft, content);
            disk.replace(draft, file);
            disk.sync(directory);
        } catch (IOException e) {
            throw new StateFileException(
                    "%s cannot be written (%s): make room or check the permissions of its folder"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }
}
