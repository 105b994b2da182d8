package io.vnvme.control.plane;

import io.vnvme.crypto.VolumeKey;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Keys that a next daemon finds. */
public final class FakeKeys implements KeptKeys {
    public final Map<UUID, MemorySegment> keys = new ConcurrentHashMap<>();

    @Override
    public void keep(UUID vnvme, VolumeKey key) {
        MemorySegment memory = Arena.ofAuto().allocate(VolumeKey.SIZE);
        key.copyTo(memory);
        keys.put(vnvme, memory);
    }

    @Override
    public boolean has(UUID vnvme) {
        return keys.containsKey(vnvme);
    }

    @Override
    public Optional<VolumeKey> find(UUID vnvme) {
        return Optional.ofNullable(keys.get(vnvme)).map(VolumeKey::copyOf);
    }

    @Override
    public void drop(UUID vnvme) {
        keys.remove(vnvme);
    }
}
