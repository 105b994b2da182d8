package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vnvme.control.model.Qos;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.os.Memfd;
import io.vnvme.os.SecretMemory;
import io.vnvme.os.UnixSocket;
import io.vnvme.reactor.IdlePolicy;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A data plane that begins with what an earlier one left, which cannot all be served. */
class HeldPlaneTest {
    private static final long MIB = 1 << 20;

    private final List<String> dropped = new ArrayList<>();
    private final UUID id = UUID.randomUUID();
    private final Held held = new Held();
    private EngineDataPlane plane = start();

    private EngineDataPlane start() {
        Holder holder = new Holder() {
            @Override
            public void keep(String name, int fdNumber) {
                // Not looked at.
            }

            @Override
            public void drop(String prefix) {
                dropped.add(prefix);
            }
        };
        return EngineDataPlane.start(ReactorSettings.of(1, IdlePolicy.INTERRUPT), UUID.randomUUID(), holder, held);
    }

    @AfterEach
    void close() {
        plane.close();
        held.close();
    }

    private VnvmeRecord vnvme(UUID uuid) {
        return new VnvmeRecord(
                "d1",
                uuid.toString(),
                "",
                "",
                "nqn.2014-08.org.example:d1",
                "1",
                1,
                512,
                "default",
                MIB,
                false,
                false,
                false,
                null,
                false,
                null,
                "",
                Qos.NONE,
                List.of(),
                Access.USUAL,
                null);
    }

    @Test
    void aDriveInMemoryKeepsItsSizeWhateverIsAskedFor() {
        held.add("ram/" + id, Memfd.create("ram0", 32 * MIB));
        DriveFacts facts = plane.claim(DriveSource.ram(16 * MIB), id, "ram0", false);
        assertThat(facts.sizeBytes()).isEqualTo(32 * MIB);
        assertThat(plane.kept(id)).isTrue();
        assertThat(dropped).isEmpty();
    }

    @Test
    void aClientIsAwaitedAsLongAsItIsConnected() {
        UnixSocket[] pair = UnixSocket.pair();
        held.add("pci/%s/5f/socket".formatted(id), pair[0].fd());
        held.add("pci/%s/5f/state".formatted(id), Memfd.create("state", 4096));
        try (UnixSocket client = pair[1]) {
            assertThat(client.fd().number()).isNotNegative();
            plane.settled(name -> name.equals(id.toString()));
            assertThat(plane.waiting()).containsExactly(id.toString());
            assertThat(plane.awaited(vnvme(id))).isTrue();
            assertThat(plane.awaited(vnvme(UUID.randomUUID()))).isFalse();
            assertThat(dropped).isEmpty();
        }
        assertThat(plane.awaited(vnvme(id))).isFalse();
        assertThat(dropped).containsExactly("pci/%s/5f/".formatted(id));
        assertThat(plane.waiting()).isEmpty();
    }

    /** This process has it and the next one, nobody else. */
    @Test
    void aKeyIsFoundUntilItIsDropped() {
        assumeThat(SecretMemory.create(4096).map(fd -> {
                    fd.close();
                    return true;
                }))
                .as("the kernel has memory for secrets")
                .isPresent();
        KeptKeys keys = plane.keptKeys();
        assertThat(keys.has(id)).isFalse();
        assertThat(keys.find(id)).isEmpty();
        try (VolumeKey key = VolumeKey.random(new SecureRandom())) {
            keys.keep(id, key);
            assertThat(keys.has(id)).isTrue();
            for (int i = 0; i < 2; i++) {
                try (VolumeKey found = keys.find(id).orElseThrow()) {
                    assertThat(found.sameAs(key)).isTrue();
                }
            }
        }
        keys.drop(id);
        assertThat(dropped).containsExactly("key/" + id);
        assertThat(keys.has(id)).isFalse();
        assertThat(keys.find(id)).isEmpty();
    }

    @Test
    void aKeyThatIsNoneIsNotUsed() {
        held.add("key/" + id, Memfd.create("key", 4096));
        assertThat(plane.keptKeys().has(id)).isTrue();
        assertThat(plane.keptKeys().find(id)).isEmpty();
        held.add("key/" + id, Memfd.create("key", 100));
        assertThat(plane.keptKeys().find(id)).isEmpty();
    }

    @Test
    void whatIsNobodysIsLetGoAtOnceAndWhatIsRemovedThen() {
        UUID other = UUID.randomUUID();
        held.add("pool/" + id, Memfd.create("changes", 4096));
        held.add("pool/" + other, Memfd.create("changes", 4096));
        plane.settled(name -> name.equals(id.toString()));
        assertThat(dropped).containsExactly("pool/" + other);
        // No guest has anything of it.
        assertThat(plane.waiting()).isEmpty();
        plane.forget(id);
        assertThat(dropped).containsExactly("pool/" + other, "pool/" + id);
    }
}
