package io.vnvme.control.plane;

import io.vnvme.crypto.CryptoException;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.memory.KeptMemory;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.NativeException;
import io.vnvme.os.SecretMemory;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.UUID;

/**
 * Keys of volumes that nothing but a passphrase opens, for the process that goes on when this one ends: nobody could be asked for
 * it then, and the guests would wait. In secret memory alone; where there is none they are not held. From any thread.
 *
 * <p>Each by the UUID of its vNVMe, little endian: magic (8), version (4), 0 (4), the key (64).
 */
final class HeldKeys implements KeptKeys {
    /** They are held under this and the vNVMe's identity. */
    static final String HELD = "key/";
    /** What is there, for a program that asks whether it could go on with it. */
    static final KeptMemory.Layout LAYOUT = new KeptMemory.Layout("vnvme-key", 0x5945_4b65_4d56_4e76L, 1, 4096);

    private static final Logger LOG = System.getLogger(HeldKeys.class.getName());
    private static final long KEY = 16;

    private final EngineHandover handover;

    HeldKeys(EngineHandover handover) {
        this.handover = handover;
    }

    @Override
    public boolean has(UUID volume) {
        return handover.holds(HELD + volume);
    }

    @Override
    public void keep(UUID volume, VolumeKey key) {
        if (!handover.hasHolder() || has(volume)) {
            return;
        }
        try {
            SecretMemory.create(LAYOUT.sizeBytes()).ifPresent(fd -> keep(volume, key, fd));
        } catch (NativeException e) {
            LOG.log(Level.WARNING, "the key of volume %s is not held".formatted(volume), e);
        }
    }

    private void keep(UUID volume, VolumeKey key, Fd fd) {
        try {
            write(key, fd);
            handover.hold(HELD + volume, fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static void write(VolumeKey key, Fd fd) {
        try (Mapping mapping = Mapping.shared(fd, 0, LAYOUT.sizeBytes(), true)) {
            MemorySegment memory = mapping.segment();
            key.copyTo(memory.asSlice(KEY, VolumeKey.SIZE));
            memory.set(ValueLayout.JAVA_INT, 8, LAYOUT.version());
            memory.set(ValueLayout.JAVA_LONG, 0, LAYOUT.magic());
        }
    }

    @Override
    public Optional<VolumeKey> find(UUID volume) {
        return handover.again(HELD + volume).flatMap(fd -> read(volume, fd));
    }

    private static Optional<VolumeKey> read(UUID volume, Fd fd) {
        Optional<String> refusal = KeptMemory.refusal(fd, LAYOUT);
        if (refusal.isPresent()) {
            LOG.log(Level.WARNING, "the key of volume {0} is held and of no use: {1}", volume, refusal.get());
            return Optional.empty();
        }
        try (Mapping mapping = Mapping.shared(fd, 0, LAYOUT.sizeBytes(), false)) {
            return Optional.of(VolumeKey.copyOf(mapping.segment().asSlice(KEY, VolumeKey.SIZE)));
        } catch (CryptoException e) {
            LOG.log(Level.WARNING, "the key of volume {0} is held and none: {1}", volume, e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void drop(UUID volume) {
        if (has(volume)) {
            handover.dropMemory(HELD + volume);
        }
    }
}
