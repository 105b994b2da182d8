package io.vnvme.control.plane;

import io.vnvme.crypto.VolumeKey;
import java.util.Optional;
import java.util.UUID;

/** Keys of encrypted vNVMes, by their UUIDs, that are there for the process which goes on when this one ends. From any thread. */
public interface KeptKeys {
    /** Where nobody goes on. */
    KeptKeys NONE = new KeptKeys() {
        @Override
        public void keep(UUID vnvme, VolumeKey key) {
            // It ends with this process.
        }

        @Override
        public boolean has(UUID vnvme) {
            return false;
        }

        @Override
        public Optional<VolumeKey> find(UUID vnvme) {
            return Optional.empty();
        }

        @Override
        public void drop(UUID vnvme) {
            // There is none.
        }
    };

    /** Keeps one, if the system has memory for secrets; it stays the caller's. */
    void keep(UUID vnvme, VolumeKey key);

    boolean has(UUID vnvme);

    /** One that was kept, by an earlier process maybe, for who closes it; it stays kept. */
    Optional<VolumeKey> find(UUID vnvme);

    /** Nobody finds it any more. */
    void drop(UUID vnvme);
}
