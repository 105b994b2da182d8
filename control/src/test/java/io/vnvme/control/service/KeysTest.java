package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.UnlockVnvme;
import io.vnvme.control.plane.FakeKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys of passphrases, which nobody can be asked for when a daemon takes the place of one that was killed. */
class KeysTest {
    private static final KeySource PASSPHRASE = new KeySource(null, "correct horse");

    @TempDir
    Path folder;

    private final FakeKeys kept = new FakeKeys();
    private Fixture on;

    @BeforeEach
    void setUp() {
        on = new Fixture(folder);
        on.world.keys = kept;
        on.restart();
        on.file("f", 64 * MIB);
        on.pool("p", "f");
    }

    @AfterEach
    void tearDown() {
        on.close();
    }

    private UUID create(String name, KeySource key) {
        return UUID.fromString(on.services
                .vnvmes()
                .create(new CreateVnvme(name, MIB, "p", false, false, null, false, null, key, null, false, null))
                .vnvme()
                .uuid());
    }

    private String state(String name) {
        return on.services.vnvmes().show(name).state();
    }

    @Test
    void theNextDaemonHasThem() {
        UUID id = create("d", PASSPHRASE);
        for (int i = 0; i < 2; i++) {
            on.crash();
            assertThat(state("d")).isEqualTo("idle");
            assertThat(kept.keys).containsOnlyKeys(id);
        }
        kept.keys.clear();
        on.crash();
        assertThat(state("d")).isEqualTo("locked");
        on.services.vnvmes().unlock("d", new UnlockVnvme(PASSPHRASE));
        on.crash();
        assertThat(state("d")).isEqualTo("idle");
    }

    @Test
    void whatIsInAFileIsNotKept() throws IOException {
        Path file = Files.write(folder.resolve("key"), new byte[64]);
        create("d", new KeySource(file.toString(), null));
        assertThat(kept.keys).isEmpty();
    }

    @Test
    void whatIsGoneIsNotKept() {
        create("d", PASSPHRASE);
        on.services.vnvmes().remove("d");
        assertThat(kept.keys).isEmpty();
        create("e", PASSPHRASE);
        on.services.poolImport().giveAway("p");
        assertThat(kept.keys).isEmpty();
    }
}
