package io.vnvme.control.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;

/**
 * The configuration file: TOML, a line for a setting, each with the name and the values of the daemon's option.
 * Whatever is wrong in it is said with its line, all of it at once.
 */
public final class ConfigFile {
    /** Where a daemon looks when it is told of no other. */
    public static final Path DEFAULT = Path.of("/etc/vnvme/vnvme.toml");

    private static final int SIZE_MAX = 1 << 20;

    private final Path path;
    private final TomlParseResult content;

    private ConfigFile(Path path, TomlParseResult content) {
        this.path = path;
        this.content = content;
    }

    /** @throws ConfigException when it cannot be read, or is no TOML */
    public static ConfigFile read(Path path) {
        TomlParseResult content = Toml.parse(text(path));
        if (content.hasErrors()) {
            throw new ConfigException(content.errors().stream()
                    .map(e -> line(path, e.position(), String.valueOf(e.getMessage())))
                    .toList());
        }
        return new ConfigFile(path, content);
    }

    private static String text(Path path) {
        try {
            if (Files.size(path) > SIZE_MAX) {
                throw new ConfigException(List.of(path + ": more than a mebibyte, which is no configuration"));
            }
            return Files.readString(path);
        } catch (NoSuchFileException e) {
            throw new ConfigException(List.of(path + ": there is no such file"), e);
        } catch (CharacterCodingException e) {
            throw new ConfigException(List.of(path + ": is no UTF-8 text"), e);
        } catch (IOException e) {
            throw new ConfigException(List.of("%s cannot be read: %s".formatted(path, e.getMessage())), e);
        }
    }

    /**
     * Says all that is in the file.
     *
     * @throws ConfigException when something in it is wrong; the draft is then of no use
     */
    public void applyTo(SettingsDraft draft) {
        List<String> problems = new ArrayList<>();
        for (String key : inOrder(content.keySet())) {
            List<String> path = List.of(key);
            try {
                set(draft, key, content.get(path));
            } catch (IllegalArgumentException e) {
                problems.add(line(this.path, content.inputPositionOf(path), "%s: %s".formatted(key, e.getMessage())));
            }
        }
        if (problems.isEmpty()) {
            try {
                draft.settings();
            } catch (IllegalArgumentException e) {
                problems.add("%s: %s".formatted(path, e.getMessage()));
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
    }

    private List<String> inOrder(Set<String> keys) {
        return keys.stream()
                .sorted((a, b) -> Integer.compare(lineOf(a), lineOf(b)))
                .toList();
    }

    private int lineOf(String key) {
        @Nullable TomlPosition position = content.inputPositionOf(List.of(key));
        return position == null ? 0 : position.line();
    }

    private static void set(SettingsDraft draft, String key, @Nullable Object value) {
        Optional<Setting> setting = Setting.of(key);
        if (setting.isEmpty()) {
            throw new IllegalArgumentException("there is no such setting: it is one of " + keys());
        }
        draft.set(setting.get(), values(value));
    }

    private static String keys() {
        return Stream.of(Setting.values()).map(Setting::key).collect(Collectors.joining(", "));
    }

    private static List<String> values(@Nullable Object value) {
        if (!(value instanceof TomlArray array)) {
            return List.of(scalar(value));
        }
        List<String> values = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            values.add(scalar(array.get(i)));
        }
        return values;
    }

    private static String scalar(@Nullable Object value) {
        return switch (value) {
            case String text -> text;
            case Long number -> number.toString();
            case Double number -> number.toString();
            case null, default -> throw new IllegalArgumentException("is no text and no number");
        };
    }

    private static String line(Path path, @Nullable TomlPosition position, String message) {
        return position == null
                ? "%s: %s".formatted(path, message)
                : "%s:%d:%d: %s".formatted(path, position.line(), position.column(), message);
    }
}
