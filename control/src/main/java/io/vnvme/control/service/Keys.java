package io.vnvme.control.service;

import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.KeptKeys;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.VolumeAttributes;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.crypto.Argon2Cost;
import io.vnvme.crypto.CryptoException;
import io.vnvme.crypto.KeySlots;
import io.vnvme.crypto.VolumeKey;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Keys of encrypted volumes: made, kept under passphrases and key files, opened again. */
final class Keys {
    private static final Logger LOG = System.getLogger(Keys.class.getName());
    static final String LOCKED = "it is encrypted and its key is not there: open it with 'vnvme unlock %s'";
    private static final int PASSPHRASE_MIN = 8;
    /** The data unit of XTS: what a pool writes at once. */
    private static final int UNIT_BYTES = 4096;

    private final SecureRandom random = new SecureRandom();
    private final KeptKeys kept;

    /** @param kept for the daemon that takes the place of this one */
    Keys(KeptKeys kept) {
        this.kept = kept;
    }

    /**
     * The key of a new volume.
     *
     * @param key null: it is not encrypted
     * @param slots what opens it again
     * @param file the key file to read at each start
     */
    record Made(
            @Nullable VolumeKey key,
            @Nullable KeySlots slots,
            @Nullable String file) {}

    /** @throws ProblemException when what shall open it makes no sense */
    Made make(@Nullable KeySource source) {
        if (source == null) {
            return new Made(null, null, null);
        }
        VolumeKey key = VolumeKey.random(random);
        KeySlots empty = KeySlots.empty(UUID.randomUUID(), UNIT_BYTES);
        String file = source.file();
        if (file != null) {
            KeySlots slots = withFile(file, content -> empty.withKeyFile(key, content, random));
            return new Made(key, slots, file);
        }
        byte[] passphrase = passphrase(source);
        try {
            return new Made(
                    key, empty.withPassphrase(key, passphrase, Argon2Cost.DEFAULT, Passphrases.ARGON2, random), null);
        } finally {
            Arrays.fill(passphrase, (byte) 0);
        }
    }

    /** What a job goes on with after a restart. @throws ProblemException when that is nothing: it was a passphrase */
    static KeySource kept(@Nullable String file) {
        if (file == null) {
            throw new ProblemException(
                    ProblemCode.WRONG_KEY,
                    "the daemon has ended meanwhile and passphrases are not kept: begin again, or use a key file");
        }
        return new KeySource(file, null);
    }

    private static byte[] passphrase(KeySource source) {
        String passphrase = source.passphrase();
        if (passphrase == null || passphrase.length() < PASSPHRASE_MIN) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "a passphrase has at least %d characters; or name a key file".formatted(PASSPHRASE_MIN));
        }
        return passphrase.getBytes(StandardCharsets.UTF_8);
    }

    private static <T> T withFile(String file, Function<byte[], T> use) {
        byte[] content;
        try {
            if (Files.size(Path.of(file)) > KeySlots.KEY_FILE_MAX_BYTES) {
                throw new ProblemException(
                        ProblemCode.FILE_REFUSED, "%s is no key file: it is longer than 1 MiB".formatted(file));
            }
            content = Files.readAllBytes(Path.of(file));
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.FILE_REFUSED, "key file %s cannot be read: %s".formatted(file, said(e)), e);
        }
        try {
            return use.apply(content);
        } catch (CryptoException e) {
            throw new ProblemException(ProblemCode.WRONG_KEY, "%s: %s".formatted(file, e.getMessage()), e);
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    static String said(IOException e) {
        return e instanceof NoSuchFileException ? "it is not there" : String.valueOf(e.getMessage());
    }

    /** Opens a volume with what somebody gave, or its key file. @throws ProblemException when that is not its key */
    void unlock(VnvmeRecord vnvme, OpenPool pool, @Nullable KeySource source) {
        KeySource given = source == null ? new KeySource(vnvme.keyFile(), null) : source;
        VolumeKey opened = open(vnvme.name(), pool, given);
        if (opened == null) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "%s is not encrypted".formatted(vnvme.name()));
        }
        try (VolumeKey key = opened) {
            pool.unlock(vnvme.name(), key);
            if (given.file() == null) {
                kept.keep(UUID.fromString(vnvme.uuid()), key);
            } else {
                forget(vnvme.uuid());
            }
        }
    }

    /** A new volume, which is open: what the next daemon could not read anywhere it finds. */
    void opened(UUID volume, Made key) {
        VolumeKey made = key.key();
        if (made != null && key.file() == null) {
            kept.keep(volume, made);
        }
    }

    /** It is not open any more, or can be opened otherwise. */
    void forget(String volume) {
        kept.drop(UUID.fromString(volume));
    }

    /** Whether a daemon that takes the place of this one could open it. */
    boolean outlives(VnvmeRecord vnvme) {
        return !vnvme.encrypted() || vnvme.keyFile() != null || kept.has(UUID.fromString(vnvme.uuid()));
    }

    /**
     * The key of a volume or snapshot, for who closes it.
     *
     * @return null when it is not encrypted
     * @throws ProblemException when that does not open it
     */
    @Nullable
    VolumeKey open(String name, OpenPool pool, KeySource source) {
        LayerFacts layer = Snapshots.require(pool, name);
        KeySlots slots = readable(name, VolumeAttributes.parse(layer.attributes()));
        if (slots == null) {
            return null;
        }
        String file = source.file();
        return file != null ? withFile(file, slots::openWithKeyFile) : openWithPassphrase(slots, source);
    }

    /**
     * The key slots of a volume or snapshot; null when it is not encrypted.
     *
     * @throws ProblemException when it is, and they cannot be read
     */
    static @Nullable KeySlots readable(String name, VolumeAttributes attributes) {
        if (attributes.encrypted() && attributes.keySlots() == null) {
            throw new ProblemException(
                    ProblemCode.WRONG_KEY,
                    "%s is encrypted, and its key slots are damaged or of a newer version: it cannot be opened"
                            .formatted(name));
        }
        return attributes.keySlots();
    }

    private static VolumeKey openWithPassphrase(KeySlots slots, KeySource source) {
        byte[] passphrase = passphrase(source);
        try {
            return slots.openWithPassphrase(passphrase, Passphrases.ARGON2);
        } catch (CryptoException e) {
            throw new ProblemException(ProblemCode.WRONG_KEY, String.valueOf(e.getMessage()), e);
        } finally {
            Arrays.fill(passphrase, (byte) 0);
        }
    }

    /** Opens a volume with its key file, if it has one and that is there, or the key that an earlier daemon has left. */
    boolean unlockUnasked(VnvmeRecord vnvme, OpenPool pool) {
        if (vnvme.keyFile() == null) {
            Optional<VolumeKey> left = kept.find(UUID.fromString(vnvme.uuid()));
            left.ifPresent(found -> {
                try (VolumeKey key = found) {
                    pool.unlock(vnvme.name(), key);
                }
            });
            return left.isPresent();
        }
        try {
            unlock(vnvme, pool, null);
            return true;
        } catch (ProblemException e) {
            LOG.log(Level.WARNING, "vNVMe {0} stays locked: {1}", vnvme.name(), e.detail());
            return false;
        }
    }
}
