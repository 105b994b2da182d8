package io.vnvme.nvme;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Reservations as they are kept: u8 version (1), u8 type, u16 number of registrants, u32 generation, u16 index of the holder
 * (FFFFh: none, or all), u16 0, u32 0; then for each registrant u64 low and u64 high half of the host's identifier, u64 key. All
 * little endian.
 */
record ReservationImage(int type, int generation, int holder, List<Reservations.Registrant> registrants) {
    static final int NOBODY = 0xffff;

    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 16;
    private static final int REGISTRANT_BYTES = 24;

    static int bytes(int registrants) {
        return HEADER_BYTES + registrants * REGISTRANT_BYTES;
    }

    byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(bytes(registrants.size())).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) VERSION).put((byte) type).putShort((short) registrants.size());
        out.putInt(generation).putShort((short) holder).putShort((short) 0).putInt(0);
        for (Reservations.Registrant registrant : registrants) {
            out.putLong(registrant.host().low()).putLong(registrant.host().high());
            out.putLong(registrant.key());
        }
        return out.array();
    }

    /**
     * @param registrantsMax that there may be in it
     * @throws IllegalArgumentException when it is none that this version knows
     */
    static ReservationImage decode(byte[] image, int registrantsMax) {
        ByteBuffer in = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        if (image.length < HEADER_BYTES || in.get() != VERSION) {
            throw new IllegalArgumentException("reservations of a later version, or damaged ones");
        }
        int type = in.get() & 0xff;
        int count = in.getShort() & 0xffff;
        int generation = in.getInt();
        int holder = in.getShort() & 0xffff;
        in.position(HEADER_BYTES);
        boolean known = type <= Reservations.EXCLUSIVE_ACCESS_ALL
                && count <= registrantsMax
                && image.length == bytes(count)
                && (holder < count || holder == NOBODY);
        if (!known) {
            throw new IllegalArgumentException("damaged reservations");
        }
        List<Reservations.Registrant> registrants = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Reservations.Host host = new Reservations.Host(in.getLong(), in.getLong());
            registrants.add(new Reservations.Registrant(host, in.getLong()));
        }
        return new ReservationImage(type, generation, holder, registrants);
    }
}
