package io.vnvme.control.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.plane.VolumeAttributes;
import io.vnvme.control.store.StateFileException;
import io.vnvme.crypto.Argon2Cost;
import io.vnvme.crypto.KeySlots;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.frontend.vfiouser.DoorbellAccess;
import io.vnvme.testkit.seed.FuzzLoop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The daemon's state file, and what it keeps with volumes on their drives, damaged or with values that make no sense: refused
 * by a line and left alone, or taken; what is taken can be looked at.
 */
class StateFuzz {
    private static final Pattern VALUE = Pattern.compile(": (\"[^\"]*\"|-?\\d+|true|false|null)");
    private static final List<String> WILD = List.of(
            "null",
            "-1",
            "0",
            "9223372036854775807",
            "1e99",
            "\"\"",
            "\"/\"",
            "\"\\u0000\"",
            "[]",
            "{}",
            "true",
            "\"p\"",
            "\"a\"",
            "\"ram\"",
            "\"mirror\"",
            "\"file\"",
            "18446744073709551616",
            "\"../../x\"");

    @TempDir
    Path folder;

    private int refused;
    private int taken;

    @Test
    void damagedStateIsRefusedOrTaken() throws IOException {
        String good = state();
        FuzzLoop.run("StateFuzz", random -> round(random, good));
        assertThat(refused).isPositive();
        assertThat(taken).isPositive();
    }

    private String state() throws IOException {
        try (Fixture on = new Fixture(folder)) {
            on.file("a", 64 << 20);
            on.file("b", 64 << 20);
            on.file("c", 64 << 20);
            on.mirror("p", "a", "b");
            on.pool("q", "c");
            on.create("d", 1 << 20);
            on.create("e", 1 << 20);
        }
        return Files.readString(folder.resolve("state.json"));
    }

    private void round(SplittableRandom random, String good) throws IOException {
        String text = good;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            text = random.nextInt(3) == 0 ? torn(random, text) : wild(random, text);
        }
        Path file = folder.resolve("state.json");
        Files.writeString(file, text);
        FakeDataPlane.World world = new FakeDataPlane.World();
        try (Services services = new Services(
                new ServiceSetup("test", folder, folder, List.of(), Duration.ofHours(1)), new FakeDataPlane(world))) {
            services.drives().list();
            services.pools().list();
            services.vnvmes().list();
            taken++;
        } catch (StateFileException e) {
            assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
            assertThat(Files.readString(file)).as("it is left alone").isEqualTo(text);
            refused++;
        }
    }

    private static String torn(SplittableRandom random, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0) {
            return text;
        }
        switch (random.nextInt(3)) {
            case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> bytes[random.nextInt(bytes.length)] = (byte) (' ' + random.nextInt(95));
            default -> {
                int from = random.nextInt(bytes.length);
                return text.substring(0, Math.min(from, text.length()))
                        + text.substring(Math.min(from + random.nextInt(40), text.length()));
            }
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Another value in one of the places for values. */
    private static String wild(SplittableRandom random, String text) {
        Matcher values = VALUE.matcher(text);
        long count = values.results().count();
        if (count == 0) {
            return text;
        }
        values.reset();
        for (int i = random.nextInt((int) count); i >= 0; i--) {
            values.find();
        }
        return text.substring(0, values.start(1))
                + WILD.get(random.nextInt(WILD.size()))
                + text.substring(values.end(1));
    }

    /** Whatever becomes of the key slots of an encrypted volume, it is never taken for a plain one. */
    @Test
    void damagedKeySlotsStayLocked() {
        byte[] key = new byte[VolumeKey.SIZE];
        key[VolumeKey.SIZE - 1] = 1;
        byte[] good;
        try (VolumeKey volumeKey = VolumeKey.of(key)) {
            good = new VolumeAttributes(
                            false,
                            DoorbellAccess.AUTO,
                            KeySlots.empty(new UUID(1, 2), 4096)
                                    .withPassphrase(
                                            volumeKey,
                                            new byte[] {1},
                                            Argon2Cost.DEFAULT,
                                            (_, salt, _, length) -> Arrays.copyOf(salt, length),
                                            new SecureRandom()))
                    .bytes();
        }
        FuzzLoop.run("StateFuzz.keySlots", random -> {
            byte[] bytes = good.clone();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                bytes[2 + random.nextInt(bytes.length - 2)] = (byte) random.nextInt();
            }
            VolumeAttributes read = VolumeAttributes.parse(
                    random.nextInt(4) == 0 ? Arrays.copyOf(bytes, 3 + random.nextInt(bytes.length - 3)) : bytes);
            assertThat(read.encrypted()).isTrue();
            try {
                assertThat(Keys.readable("v", read)).isNotNull();
            } catch (ProblemException e) {
                assertThat(e.detail()).contains("cannot be opened");
            }
        });
    }
}
