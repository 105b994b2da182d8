package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.crypto.KeySlots;
import io.vnvme.frontend.vfiouser.DoorbellAccess;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What is kept with a volume: reservations come and go beside all else. */
class VolumeAttributesTest {
    private static final byte[] IMAGE = new byte[600];

    static {
        new Random(1).nextBytes(IMAGE);
    }

    @Test
    void reservationsComeAndGoBesideKeySlots() {
        KeySlots slots = KeySlots.empty(new UUID(1, 2), 4096);
        byte[] plain = new VolumeAttributes(true, DoorbellAccess.MAPPED, slots).bytes();
        assertThat(VolumeAttributes.reservations(plain)).isEmpty();
        byte[] reserved = VolumeAttributes.withReservations(plain, IMAGE);
        assertThat(VolumeAttributes.reservations(reserved)).isEqualTo(IMAGE);
        VolumeAttributes parsed = VolumeAttributes.parse(reserved);
        assertThat(parsed.msi()).isTrue();
        assertThat(parsed.doorbells()).isEqualTo(DoorbellAccess.MAPPED);
        assertThat(parsed.keySlots()).isNotNull();
        byte[] fewer = VolumeAttributes.withReservations(reserved, new byte[] {1});
        assertThat(VolumeAttributes.reservations(fewer)).containsExactly(1);
        assertThat(VolumeAttributes.withReservations(fewer, new byte[0])).isEqualTo(plain);
    }

    @Test
    void slotsThatThisVersionCannotReadStayAsTheyAre() {
        byte[] later = {1, 1, 9, 8, 7, 6};
        byte[] reserved = VolumeAttributes.withReservations(later, IMAGE);
        assertThat(VolumeAttributes.parse(reserved).encrypted()).isTrue();
        assertThat(VolumeAttributes.withReservations(reserved, new byte[0])).isEqualTo(later);
    }

    @Test
    void withoutKeySlotsOrAttributes() {
        byte[] plain = new VolumeAttributes(false, DoorbellAccess.AUTO, null).bytes();
        VolumeAttributes parsed = VolumeAttributes.parse(VolumeAttributes.withReservations(plain, IMAGE));
        assertThat(parsed.encrypted()).isFalse();
        assertThat(VolumeAttributes.reservations(VolumeAttributes.withReservations(new byte[0], IMAGE)))
                .isEqualTo(IMAGE);
        assertThat(VolumeAttributes.reservations(new byte[] {1, 8, 2})).isEmpty();
        assertThat(VolumeAttributes.parse(new byte[] {1, 8, (byte) 0xff, (byte) 0xff, 0})
                        .encrypted())
                .isFalse();
    }
}
