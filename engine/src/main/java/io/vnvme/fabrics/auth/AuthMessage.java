package io.vnvme.fabrics.auth;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Messages of authentication (NVM Express Base 2.0, 8.13.5.2 to 8.13.5.7), little endian. All begin with type (1 byte), identifier (1), two bytes
 * of zeros and the transaction (2).
 */
@SuppressWarnings({"ArrayRecordComponent", "ByteBufferBackingArray"
}) // never compared; all are made by allocate or wrap
sealed interface AuthMessage {
    /** The longest that is read: a Reply with SHA-512 and the largest group has 1168 bytes. */
    int BYTES_MAX = 4096;

    /** Types. */
    int COMMON = 0;

    int DH_HMAC_CHAP = 1;

    int HEADER_BYTES = 8;
    int FIXED_BYTES = 16;
    /** Of one protocol that a host offers: identifier, a zero, counts of hashes and groups, 30 places for either. */
    int PROTOCOL_BYTES = 64;

    int PROTOCOL_DH_HMAC_CHAP = 1;
    int LISTED_MAX = 30;

    int transaction();

    byte[] encode();

    /**
     * AUTH_Negotiate: transaction at 4, secure channel concatenation at 6, count of protocols at 7, protocols from 8.
     *
     * @param concatenation of a secure channel; 0: none
     * @param protocols identifiers of all that is offered
     * @param hashes identifiers, those of DH-HMAC-CHAP
     * @param groups likewise
     */
    record Negotiate(
            int transaction, int concatenation, List<Integer> protocols, List<Integer> hashes, List<Integer> groups)
            implements AuthMessage {
        static final int ID = 0x00;

        @Override
        public byte[] encode() {
            ByteBuffer out = begin(HEADER_BYTES + PROTOCOL_BYTES, COMMON, ID, transaction);
            out.put(6, (byte) concatenation).put(7, (byte) 1);
            out.put(8, (byte) PROTOCOL_DH_HMAC_CHAP)
                    .put(10, (byte) hashes.size())
                    .put(11, (byte) groups.size());
            for (int i = 0; i < hashes.size(); i++) {
                out.put(12 + i, hashes.get(i).byteValue());
            }
            for (int i = 0; i < groups.size(); i++) {
                out.put(12 + LISTED_MAX + i, groups.get(i).byteValue());
            }
            return out.array();
        }

        private static Negotiate decode(ByteBuffer in, int transaction) {
            int count = in.get(7) & 0xff;
            require(count >= 1 && in.capacity() >= HEADER_BYTES + count * PROTOCOL_BYTES, "its length");
            List<Integer> protocols = new ArrayList<>();
            List<Integer> hashes = new ArrayList<>();
            List<Integer> groups = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int at = HEADER_BYTES + i * PROTOCOL_BYTES;
                int protocol = in.get(at) & 0xff;
                if (protocol == PROTOCOL_DH_HMAC_CHAP && !protocols.contains(protocol)) {
                    list(in, at + 4, in.get(at + 2) & 0xff, hashes);
                    list(in, at + 4 + LISTED_MAX, in.get(at + 3) & 0xff, groups);
                }
                protocols.add(protocol);
            }
            return new Negotiate(transaction, in.get(6) & 0xff, protocols, hashes, groups);
        }

        private static void list(ByteBuffer in, int at, int count, List<Integer> into) {
            require(count >= 1 && count <= LISTED_MAX, "what it lists");
            for (int i = 0; i < count; i++) {
                into.add(in.get(at + i) & 0xff);
            }
        }
    }

    /**
     * DH-HMAC-CHAP_Challenge: length of the hash at 6, its identifier at 8, that of the group at 9, length of the DH value at 10, sequence number at
     * 12, challenge and DH value from 16.
     *
     * @param dhValue empty without a group
     */
    record Challenge(int transaction, int hash, int group, int sequence, byte[] value, byte[] dhValue)
            implements AuthMessage {
        static final int ID = 0x01;

        @Override
        public byte[] encode() {
            ByteBuffer out = begin(FIXED_BYTES + value.length + dhValue.length, DH_HMAC_CHAP, ID, transaction);
            out.put(6, (byte) value.length).put(8, (byte) hash).put(9, (byte) group);
            out.putShort(10, (short) dhValue.length).putInt(12, sequence);
            out.put(16, value).put(16 + value.length, dhValue);
            return out.array();
        }

        private static Challenge decode(ByteBuffer in, int transaction) {
            int length = in.get(6) & 0xff;
            int dhLength = in.getShort(10) & 0xffff;
            return new Challenge(
                    transaction,
                    in.get(8) & 0xff,
                    in.get(9) & 0xff,
                    in.getInt(12),
                    bytes(in, 16, length),
                    bytes(in, 16 + length, dhLength));
        }
    }

    /**
     * DH-HMAC-CHAP_Reply: length of the hash at 6, whether there is a challenge at 8, length of the DH value at 10, sequence number at 12,
     * response, challenge and DH value from 16.
     *
     * @param challenge for the controller; null: it need not show who it is
     */
    record Reply(int transaction, int sequence, byte[] response, byte @Nullable [] challenge, byte[] dhValue)
            implements AuthMessage {
        static final int ID = 0x02;

        @Override
        public byte[] encode() {
            int length = response.length;
            ByteBuffer out = begin(FIXED_BYTES + 2 * length + dhValue.length, DH_HMAC_CHAP, ID, transaction);
            out.put(6, (byte) length).put(8, (byte) (challenge == null ? 0 : 1));
            out.putShort(10, (short) dhValue.length).putInt(12, sequence);
            out.put(16, response);
            if (challenge != null) {
                out.put(16 + length, challenge);
            }
            return out.put(16 + 2 * length, dhValue).array();
        }

        private static Reply decode(ByteBuffer in, int transaction) {
            int length = in.get(6) & 0xff;
            int dhLength = in.getShort(10) & 0xffff;
            boolean challenges = (in.get(8) & 1) != 0;
            byte[] dhValue = bytes(in, 16 + 2 * length, dhLength);
            return new Reply(
                    transaction,
                    in.getInt(12),
                    bytes(in, 16, length),
                    challenges ? bytes(in, 16 + length, length) : null,
                    dhValue);
        }
    }

    /**
     * DH-HMAC-CHAP_Success1: length of the hash at 6, whether there is a response at 8, response from 16.
     *
     * @param length of the hash
     * @param response of the controller; null: it was not asked
     */
    record Success1(int transaction, int length, byte @Nullable [] response) implements AuthMessage {
        static final int ID = 0x03;

        @Override
        public byte[] encode() {
            ByteBuffer out = begin(FIXED_BYTES + (response == null ? 0 : length), DH_HMAC_CHAP, ID, transaction);
            out.put(6, (byte) length).put(8, (byte) (response == null ? 0 : 1));
            if (response != null) {
                out.put(16, response);
            }
            return out.array();
        }

        private static Success1 decode(ByteBuffer in, int transaction) {
            int length = in.get(6) & 0xff;
            return new Success1(transaction, length, (in.get(8) & 1) == 0 ? null : bytes(in, 16, length));
        }
    }

    /** DH-HMAC-CHAP_Success2. */
    record Success2(int transaction) implements AuthMessage {
        static final int ID = 0x04;

        @Override
        public byte[] encode() {
            return begin(FIXED_BYTES, DH_HMAC_CHAP, ID, transaction).array();
        }
    }

    /**
     * AUTH_Failure1 of a controller and AUTH_Failure2 of a host: reason at 6, explanation at 7.
     *
     * @param second whether it is a host's
     * @param explanation of {@link FailureReason}
     */
    record Failure(int transaction, boolean second, int explanation) implements AuthMessage {
        static final int ID_SECOND = 0xf0;
        static final int ID_FIRST = 0xf1;
        private static final int AUTHENTICATION_FAILURE = 1;

        @Override
        public byte[] encode() {
            int id = second ? ID_SECOND : ID_FIRST;
            return begin(HEADER_BYTES, COMMON, id, transaction)
                    .put(6, (byte) AUTHENTICATION_FAILURE)
                    .put(7, (byte) explanation)
                    .array();
        }
    }

    /** @throws AuthException when it is none, or makes no sense */
    static AuthMessage decode(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        require(message.length >= HEADER_BYTES && message.length <= BYTES_MAX, "its length");
        int type = in.get(0) & 0xff;
        int id = in.get(1) & 0xff;
        int transaction = in.getShort(4) & 0xffff;
        if (type == COMMON && id == Negotiate.ID) {
            return Negotiate.decode(in, transaction);
        }
        if (type == COMMON && (id == Failure.ID_FIRST || id == Failure.ID_SECOND)) {
            return new Failure(transaction, id == Failure.ID_SECOND, in.get(7) & 0xff);
        }
        if (type != DH_HMAC_CHAP || id < Challenge.ID || id > Success2.ID) {
            throw new AuthException(
                    FailureReason.INCORRECT_MESSAGE, "message 0x%02x of type 0x%02x".formatted(id, type));
        }
        require(message.length >= FIXED_BYTES, "its length");
        return switch (id) {
            case Challenge.ID -> Challenge.decode(in, transaction);
            case Reply.ID -> Reply.decode(in, transaction);
            case Success1.ID -> Success1.decode(in, transaction);
            default -> new Success2(transaction);
        };
    }

    private static ByteBuffer begin(int bytes, int type, int id, int transaction) {
        ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return out.put(0, (byte) type).put(1, (byte) id).putShort(4, (short) transaction);
    }

    private static byte[] bytes(ByteBuffer in, int at, int length) {
        require(at + length <= in.capacity(), "its length");
        byte[] out = new byte[length];
        in.get(at, out);
        return out;
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AuthException(FailureReason.INCORRECT_PAYLOAD, "a message that makes no sense: " + what);
        }
    }
}
