package io.vnvme.control.plane;

import io.vnvme.crypto.CryptoException;
import io.vnvme.crypto.KeySlots;
import io.vnvme.frontend.vfiouser.DoorbellAccess;
import java.io.ByteArrayOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * What the control plane keeps with a volume on its pool's drives, so that another host knows it too: a byte for the version
 * (1), a byte of flags (1: MSI; 2: doorbells are mapped; 4: they are trapped; 8: reservations follow, as a u16 of their length, little
 * endian, and themselves), then the key slots of an encrypted volume, deflated.
 *
 * @param msi offers MSI instead of MSI-X
 * @param doorbells whether clients map them
 * @param encrypted it has key slots, also when they cannot be read: its data must never be taken for plain
 * @param keySlots of an encrypted volume; null when there are none, or none that this version can read
 */
public record VolumeAttributes(
        boolean msi,
        DoorbellAccess doorbells,
        boolean encrypted,
        @Nullable KeySlots keySlots) {
    private static final Logger LOG = System.getLogger(VolumeAttributes.class.getName());
    private static final int VERSION = 1;
    private static final int HEADER_SIZE = 2;
    private static final int MSI = 1;
    private static final int MAPPED = 2;
    private static final int TRAPPED = 4;
    private static final int RESERVATIONS = 8;

    public VolumeAttributes(boolean msi, DoorbellAccess doorbells, @Nullable KeySlots keySlots) {
        this(msi, doorbells, keySlots != null, keySlots);
    }

    /** Of a volume without reservations. */
    public byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(VERSION);
        out.write((msi ? MSI : 0)
                | switch (doorbells) {
                    case AUTO -> 0;
                    case MAPPED -> MAPPED;
                    case TRAPPED -> TRAPPED;
                });
        if (keySlots != null) {
            Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
            deflater.setInput(keySlots.encode());
            deflater.finish();
            byte[] buffer = new byte[2 * KeySlots.SIZE];
            out.write(buffer, 0, deflater.deflate(buffer));
            deflater.end();
        }
        return out.toByteArray();
    }

    /** Attributes of a later version are taken as far as they are understood; damaged key slots open nothing. */
    public static VolumeAttributes parse(byte[] bytes) {
        if (bytes.length < HEADER_SIZE) {
            return new VolumeAttributes(false, DoorbellAccess.AUTO, null);
        }
        boolean msi = (bytes[1] & MSI) != 0;
        DoorbellAccess doorbells = (bytes[1] & MAPPED) != 0
                ? DoorbellAccess.MAPPED
                : (bytes[1] & TRAPPED) != 0 ? DoorbellAccess.TRAPPED : DoorbellAccess.AUTO;
        int slotsAt = slotsAt(bytes);
        if (bytes.length <= slotsAt) {
            return new VolumeAttributes(msi, doorbells, null);
        }
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(bytes, slotsAt, bytes.length - slotsAt);
            byte[] slots = new byte[KeySlots.SIZE];
            int length = inflater.inflate(slots);
            return new VolumeAttributes(msi, doorbells, true, KeySlots.decode(Arrays.copyOf(slots, length)));
        } catch (DataFormatException | CryptoException e) {
            LOG.log(Level.ERROR, "key slots of a volume cannot be read: " + e.getMessage());
            return new VolumeAttributes(msi, doorbells, true, null);
        } finally {
            inflater.end();
        }
    }

    /** The reservations that a volume's attributes hold; none when there are none. */
    public static byte[] reservations(byte[] bytes) {
        int slotsAt = Math.min(slotsAt(bytes), bytes.length);
        return slotsAt <= HEADER_SIZE ? new byte[0] : Arrays.copyOfRange(bytes, HEADER_SIZE + Short.BYTES, slotsAt);
    }

    /**
     * The same attributes with other reservations; all else stays byte for byte, whatever it is.
     *
     * @param reservations none: it has none
     */
    public static byte[] withReservations(byte[] bytes, byte[] reservations) {
        byte[] header = Arrays.copyOf(bytes, HEADER_SIZE);
        header[0] = VERSION;
        header[1] = (byte) (header[1] & ~RESERVATIONS | (reservations.length == 0 ? 0 : RESERVATIONS));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(header);
        if (reservations.length > 0) {
            out.write(reservations.length);
            out.write(reservations.length >>> 8);
            out.writeBytes(reservations);
        }
        int slotsAt = Math.min(slotsAt(bytes), bytes.length);
        out.write(bytes, slotsAt, bytes.length - slotsAt);
        return out.toByteArray();
    }

    private static int slotsAt(byte[] bytes) {
        boolean reserved = bytes.length >= HEADER_SIZE + Short.BYTES && (bytes[1] & RESERVATIONS) != 0;
        return reserved
                ? HEADER_SIZE + Short.BYTES + (bytes[HEADER_SIZE] & 0xff | (bytes[HEADER_SIZE + 1] & 0xff) << 8)
                : HEADER_SIZE;
    }
}
