package io.vnvme.testkit.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.vnvme.crypto.AesXts;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.GuardedVolume;
import io.vnvme.pool.PoolVolume;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class GuardedVolumeTest {
    private final Arena arena = Arena.ofAuto();
    private final SplittableRandom random = new SplittableRandom(11);

    private static byte[] text(int bytes) {
        byte[] text = new byte[bytes];
        Arrays.fill(text, (byte) 'x');
        return text;
    }

    /** Where a drive has a run of 512 such bytes. */
    private static long find(PowerCutDrive drive, byte value) {
        MemorySegment memory = drive.visible();
        for (long at = 0; at < memory.byteSize(); at += 512) {
            long match = 0;
            while (match < 512 && memory.get(ValueLayout.JAVA_BYTE, at + match) == value) {
                match++;
            }
            if (match == 512) {
                return at;
            }
        }
        return -1;
    }

    @Test
    void drivesSeeNothingOfEncryptedData() {
        for (boolean encrypted : new boolean[] {false, true}) {
            GuardedPool pool = new GuardedPool(random, arena, 1, true, encrypted);
            pool.write(64 << 10, text(64 << 10));
            pool.write(512, text(512));
            pool.check();
            assertThat(find(pool.drives.getFirst(), (byte) 'x') < 0).isEqualTo(encrypted);
        }
    }

    /** Also while a request is under way, which ends with the key that it began with. */
    @Test
    void whatIsRemovedOrClosedForgetsItsKey() {
        for (boolean removed : new boolean[] {true, false}) {
            GuardedPool pool = new GuardedPool(random, arena, 1, true, true);
            pool.write(0, text(4096));
            GuardedVolume volume = (GuardedVolume) pool.guard("v");
            assertThat(volume.keyless()).isFalse();
            pool.drives.getFirst().immediate(0);
            int[] ended = {IoStatus.PENDING};
            MemorySegment data = arena.allocate(4096);
            Io read = new Io((_, status) -> ended[0] = status);
            read.prepare(Io.READ, 0, 4096, false);
            read.data().add(data, 0, 4096);
            assertThat(volume.submit(read)).isEqualTo(IoStatus.PENDING);
            pool.run(done -> {
                if (removed) {
                    pool.pool().operations().remove("v", done);
                } else {
                    pool.pool().close(done);
                }
            });
            assertThat(ended[0]).isEqualTo(IoStatus.OK);
            assertThat(data.get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 'x');
            assertThat(volume.keyless()).isTrue();
        }
    }

    /** A key that came too late is not forgotten in silence: what is written from then on would lie there in the open. */
    @Test
    void whatIsInUseWithoutAKeyIsNotOpenedWithOne() {
        GuardedPool pool = new GuardedPool(random, arena, 1, true, false);
        PoolVolume volume = pool.pool().operations().volume("v");
        assertThat(GuardedVolume.cipherOf(volume)).isEmpty();
        byte[] bytes = new byte[VolumeKey.SIZE];
        bytes[0] = 1;
        try (VolumeKey key = VolumeKey.of(bytes)) {
            assertThatIllegalStateException().isThrownBy(() -> GuardedVolume.of(pool.pool(), volume, key));
            Optional<AesXts> cipher = Optional.of(new AesXts(key, 4096));
            assertThatIllegalStateException().isThrownBy(() -> GuardedVolume.like(pool.pool(), volume, cipher));
            assertThat(cipher.get().closed()).isTrue();
        }
        pool.write(0, text(4096));
        pool.check();
    }

    /** Nothing is put between a volume and its users by who only looks. */
    @Test
    void theCipherOfAVolumeThatIsNotOpenIsNothing() {
        GuardedPool pool = new GuardedPool(random, arena, 1, true, true);
        pool.create("w", true);
        PoolVolume locked = pool.pool().operations().volume("w");
        assertThat(GuardedVolume.cipherOf(locked)).isEmpty();
        assertThat(((GuardedVolume) pool.guard("w")).keyless()).isFalse();
        Optional<AesXts> cipher = GuardedVolume.cipherOf(locked);
        assertThat(cipher).isPresent();
        cipher.ifPresent(AesXts::close);
    }

    @Test
    void snapshotsAndClonesReadWithTheSameKeyAndSums() {
        GuardedPool pool = new GuardedPool(random, arena, 1, true, true);
        for (int i = 0; i < 30; i++) {
            pool.change();
        }
        byte[] then = pool.model.clone();
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        pool.run(done -> pool.pool().operations().clone("v@s", "c", new UUID(1, 2), 0, done));
        Volume clone = pool.guard("c");
        for (int i = 0; i < 30; i++) {
            pool.change();
        }
        pool.check();
        pool.check(clone, then);
        pool.run(done -> pool.pool().operations().remove("c", done));
        pool.run(done -> pool.pool().operations().remove("v@s", done));
        pool.rest();
        pool.check();
        pool.restart();
        pool.check();
    }

    @Test
    void aBlockThatChangedOnTheDriveIsAnError() {
        GuardedPool pool = new GuardedPool(random, arena, 1, true, false);
        pool.write(0, text(4096));
        pool.rest();
        PowerCutDrive drive = pool.drives.getFirst();
        long at = find(drive, (byte) 'x');
        drive.visible().set(ValueLayout.JAVA_BYTE, at + 100, (byte) 'y');
        assertThat(pool.readAll()).isEqualTo(IoStatus.READ_ERROR);
        pool.restart();
        assertThat(pool.readAll()).isEqualTo(IoStatus.READ_ERROR);
        pool.write(0, text(4096));
        pool.check();
    }

    @Test
    void aBadBlockIsReplacedAsAWholeBesideAPartOfAnother() {
        GuardedPool pool = new GuardedPool(random, arena, 1, true, false);
        pool.write(0, text(8192));
        pool.rest();
        PowerCutDrive drive = pool.drives.getFirst();
        drive.visible().set(ValueLayout.JAVA_BYTE, find(drive, (byte) 'x') + 100, (byte) 'y');
        pool.write(0, text(4096 + 512));
        pool.check();
    }

    @Test
    void aMirrorHasTheRightOne() {
        GuardedPool pool = new GuardedPool(random, arena, 3, true, true);
        for (int i = 0; i < 20; i++) {
            pool.change();
        }
        pool.flush();
        // Any write may be lost, or land elsewhere, on one of the drives: here on the first.
        for (int i = 0; i < 40; i++) {
            if (random.nextBoolean()) {
                pool.drives.getFirst().loseWrites(1);
            } else {
                // Over other data of the volume, whose clusters begin before this.
                pool.drives.getFirst().misdirectWrite((1600 << 10) + random.nextInt(100) * 4096L);
            }
            byte[] data = new byte[4096];
            random.nextBytes(data);
            pool.write(random.nextInt(GuardedPool.VOLUME / 4096) * 4096, data);
            pool.drives.getFirst().loseWrites(0);
        }
        pool.check();
        pool.check();
        pool.rest();
        assertThat(pool.repaired).isPositive();
        pool.check();
    }
}
